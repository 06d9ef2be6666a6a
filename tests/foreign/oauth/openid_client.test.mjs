// openid-client as agent and tool server, and as the program that brings a user of somebody else's provider.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as jose from 'jose'
import * as client from 'openid-client'
import * as example from './client_openid.mjs'
import { agent, call, clientAlgs, crm, redeem } from './house.mjs'
import { followToCallback, user } from './idp.mjs'

const exchange = 'urn:ietf:params:oauth:grant-type:token-exchange'
const bearer = 'urn:ietf:params:oauth:grant-type:jwt-bearer'
const tokenType = (name) => `urn:ietf:params:oauth:token-type:${name}`

const discovered = (house, id, alg = 'EdDSA', algorithm = 'oidc') =>
  client.discovery(house.issuer, id, undefined, client.PrivateKeyJwt(house.keys[id][alg]), { algorithm })

/// The token of a user who signed in at the provider: an access token for us as a resource, or an id_token.
async function tokenOfUser(house, kind) {
  const us = house.issuer.origin
  const insecure = { execute: [client.allowInsecureRequests] }
  const id = kind === 'id_token' ? us : 'desk'
  const idp = await client.discovery(new URL(house.idp.issuer), id, undefined, client.None(), insecure)
  const verifier = client.randomPKCECodeVerifier()
  const back = `${house.idp.issuer}/back`
  const parameters = {
    redirect_uri: back,
    scope: kind === 'id_token' ? 'openid' : 'openid act',
    code_challenge: await client.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
    ...(kind === 'id_token' ? {} : { resource: us }),
  }
  const callback = await followToCallback(client.buildAuthorizationUrl(idp, parameters), back)
  const more = kind === 'id_token' ? undefined : { resource: us }
  const tokens = await client.authorizationCodeGrant(idp, callback, { pkceCodeVerifier: verifier }, more)
  return tokens[kind]
}

const exchanged = (config, subject, kind, more = {}) =>
  client.genericGrantRequest(config, exchange, {
    ...call(),
    subject_token: subject,
    subject_token_type: tokenType(kind),
    ...more,
  })

export function tests(house) {
  for (const alg of clientAlgs) {
    for (const algorithm of ['oauth2', 'oidc']) {
      test(`openid-client by ${algorithm} discovery mints, introspects and revokes with keys of ${alg}`, async () => {
        const config = await discovered(house, agent, alg, algorithm)
        const token = await client.clientCredentialsGrant(config, call())
        assert.equal(token.expires_in, 30)
        assert.equal(token.authorization_details[0].identifier, 'refund')
        const server = await discovered(house, crm, alg, algorithm)
        const active = await client.tokenIntrospection(server, token.access_token)
        assert.equal(active.sub, agent)
        await client.tokenRevocation(config, token.access_token)
        assert.equal((await client.tokenIntrospection(server, token.access_token)).active, false)
      })
    }
  }

  test('the program of the documents for openid-client gets a token', async () => {
    const config = await example.discovered(house.issuer, agent, house.keys[agent].EdDSA)
    const token = await example.tokenFor(config, crm, 'refund', { order: 'A-17', amount: 40 })
    assert.equal((await redeem(house, crm, token.access_token)).status, 200)
  })

  for (const kind of ['access_token', 'id_token']) {
    test(`the ${kind} of a user of oidc-provider is exchanged for a token of the user through the agent`, async () => {
      const subject = await tokenOfUser(house, kind)
      const upstream = jose.decodeJwt(subject)
      assert.deepEqual([upstream.sub, upstream.aud], [user, house.issuer.origin])
      const config = await discovered(house, agent)
      const token = await exchanged(config, subject, kind)
      assert.equal(token.issued_token_type, tokenType('access_token'))
      const claims = jose.decodeJwt(token.access_token)
      assert.equal(claims.sub, user)
      assert.deepEqual(claims.act, { sub: agent })
      assert.equal(claims.client_id, agent)
      const { status, body } = await redeem(house, crm, token.access_token)
      assert.equal(status, 200)
      assert.deepEqual([body.sub, body.act], [user, { sub: agent }])

      // Once it is redeemed it stands for the user itself, where the server passes calls on to the agent.
      const further = jose.decodeJwt((await exchanged(config, token.access_token, 'access_token')).access_token)
      assert.deepEqual([further.sub, further.act], [user, { sub: agent }])
    })
  }

  test('a user token that was altered, is for somebody else or of another type is invalid_request', async () => {
    const config = await discovered(house, agent)
    const subject = await tokenOfUser(house, 'access_token')
    const [header, payload, signature] = subject.split('.')
    const mallory = { ...jose.decodeJwt(subject), sub: 'mallory' }
    const altered = [header, jose.base64url.encode(JSON.stringify(mallory)), signature].join('.')
    const invalid = { error: 'invalid_request', status: 400 }
    await assert.rejects(exchanged(config, altered, 'access_token'), invalid)
    await assert.rejects(exchanged(config, `${header}.${payload}.`, 'access_token'), invalid)
    await assert.rejects(exchanged(config, subject, 'refresh_token'), invalid)
    const own = (await client.clientCredentialsGrant(config, call())).access_token
    await assert.rejects(exchanged(config, own, 'access_token'), invalid) // not redeemed
  })

  test('a job of somebody else is an agent by its own token and by no other', async () => {
    const job = (environment) =>
      new jose.SignJWT({ environment })
        .setProtectedHeader({ alg: 'RS256', kid: house.keys.ci.RS256.kid })
        .setIssuer('https://ci.example')
        .setSubject('repo:acme/shop')
        .setAudience(house.issuer.origin)
        .setIssuedAt()
        .setExpirationTime('5m')
        .sign(house.keys.ci.RS256.key)
    const deploy = 'spiffe://acme.example/agent/deploy'
    const config = await client.discovery(house.issuer, deploy, undefined, client.None())
    const ask = async (environment) =>
      client.genericGrantRequest(config, bearer, { ...call(), assertion: await job(environment) })
    const token = await ask('production')
    assert.equal(jose.decodeJwt(token.access_token).sub, deploy)
    await assert.rejects(ask('staging'), { error: 'invalid_grant', status: 400 })
  })
}
