// oauth4webapi, which checks every answer against its RFC, as agent and as tool server.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as oauth from 'oauth4webapi'
import { tokenFor } from './example.mjs'
import { agent, call, clientAlgs, crm, redeem, tokenAlgs } from './house.mjs'

const client = (id) => ({ client_id: id })
const signer = (house, id, alg) => oauth.PrivateKeyJwt(house.keys[id][alg])

async function discovered(house, algorithm = 'oauth2') {
  const answer = await oauth.discoveryRequest(house.issuer, { algorithm })
  return oauth.processDiscoveryResponse(house.issuer, answer)
}

async function minted(house, as, alg = 'EdDSA', parameters = call()) {
  const answer = await oauth.clientCredentialsGrantRequest(as, client(agent), signer(house, agent, alg), parameters)
  return oauth.processClientCredentialsResponse(as, client(agent), answer)
}

async function introspected(house, as, token, server = crm, alg = 'EdDSA') {
  const answer = await oauth.introspectionRequest(as, client(server), signer(house, server, alg), token)
  return oauth.processIntrospectionResponse(as, client(server), answer)
}

export function tests(house) {
  test('oauth4webapi finds the daemon by both discovery documents', async () => {
    const [oauth2, oidc] = [await discovered(house, 'oauth2'), await discovered(house, 'oidc')]
    for (const name of ['token', 'introspection', 'revocation']) {
      const endpoint = oauth2[`${name}_endpoint`]
      assert.equal(new URL(endpoint).origin, house.issuer.origin)
      assert.equal(oidc[`${name}_endpoint`], endpoint)
    }
    assert.deepEqual(oauth2.authorization_details_types_supported, ['jeton_tool_call'])
  })

  for (const alg of clientAlgs) {
    test(`oauth4webapi mints, introspects and revokes with keys of ${alg}`, async () => {
      const as = await discovered(house)
      assert.ok(as.token_endpoint_auth_signing_alg_values_supported.includes(alg))
      const token = await minted(house, as, alg)
      assert.equal(token.token_type, 'bearer')
      assert.equal(token.expires_in, 30)
      assert.equal(token.authorization_details[0].identifier, 'refund')

      const active = await introspected(house, as, token.access_token, crm, alg)
      assert.equal(active.active, true)
      assert.equal(active.client_id, agent)
      assert.deepEqual(active.authorization_details, token.authorization_details)

      const revoke = (hint) =>
        oauth.revocationRequest(as, client(agent), signer(house, agent, alg), token.access_token, {
          additionalParameters: { token_type_hint: hint },
        })
      await oauth.processRevocationResponse(await revoke('refresh_token'))
      await oauth.processRevocationResponse(await revoke('access_token'))
      assert.deepEqual(await introspected(house, as, token.access_token), { active: false })
    })
  }

  for (const { alg, server } of tokenAlgs) {
    test(`oauth4webapi takes our tokens of ${alg} for RFC 9068 access tokens`, async () => {
      const as = await discovered(house)
      const token = await minted(house, as, 'EdDSA', call(server))
      const request = new Request(server, { headers: { authorization: `Bearer ${token.access_token}` } })
      const claims = await oauth.validateJwtAccessToken(as, request, server, { signingAlgorithms: [alg] })
      assert.equal(claims.sub, agent)
      assert.equal(claims.client_id, agent)
      const elsewhere = oauth.validateJwtAccessToken(as, request.clone(), 'https://mail.example/mcp')
      await assert.rejects(elsewhere, { code: oauth.JWT_CLAIM_COMPARISON })
    })
  }

  test('the program of the documents gets a token', async () => {
    const args = { order: 'A-17', amount: 40 }
    const token = await tokenFor(house.issuer, agent, house.keys[agent].EdDSA, crm, 'refund', args)
    assert.equal((await redeem(house, crm, token.access_token)).status, 200)
  })

  test('a token is redeemed once and introspects as nothing after', async () => {
    const as = await discovered(house)
    const { access_token: token, txn } = await minted(house, as)
    const first = await redeem(house, crm, token)
    assert.equal(first.status, 200)
    assert.equal(first.body.txn, txn)
    const second = await redeem(house, crm, token)
    assert.deepEqual([second.status, second.body.code], [409, 'already_redeemed'])
    assert.deepEqual(await introspected(house, as, token), { active: false })
  })

  test('a next attempt supersedes the token before', async () => {
    const as = await discovered(house)
    const first = await minted(house, as)
    const second = await minted(house, as, 'EdDSA', call(crm, { txn: first.txn }))
    assert.equal(second.authorization_details[0].attempt, 2)
    assert.deepEqual(await introspected(house, as, first.access_token), { active: false })
    assert.equal((await redeem(house, crm, second.access_token)).status, 200)
  })

  test('oauth4webapi reads each refusal', async () => {
    const as = await discovered(house)
    const refusals = [
      [{ ...call(), resource: 'https://nobody.example/mcp' }, 'invalid_target'],
      [{ resource: crm }, 'invalid_authorization_details'],
      [call(crm, { identifier: 'drop_tables' }), 'access_denied'],
      [call(crm, { privileges: ['admin'] }), 'invalid_authorization_details'],
      [{ ...call(), scope: 'everything' }, 'invalid_scope'],
      [call(crm, { txn: 'AAAAAAAAAAAAAAAAAAAAAA' }), 'invalid_request'],
    ]
    for (const [parameters, error] of refusals) {
      await assert.rejects(minted(house, as, 'EdDSA', parameters), (refused) => {
        assert.ok(refused instanceof oauth.ResponseBodyError, String(refused))
        assert.deepEqual([refused.error, refused.status], [error, 400])
        return true
      })
    }
  })

  test('a client with a secret, no proof or the key of another is told invalid_client', async () => {
    const as = await discovered(house)
    const ask = async (auth) => {
      const answer = await oauth.clientCredentialsGrantRequest(as, client(agent), auth, call())
      return oauth.processClientCredentialsResponse(as, client(agent), answer)
    }
    const invalid = { error: 'invalid_client', status: 401 }
    await assert.rejects(ask(oauth.ClientSecretPost('hunter2')), invalid)
    await assert.rejects(ask(oauth.None()), invalid)
    await assert.rejects(ask(signer(house, crm, 'ES256')), invalid)
    await assert.rejects(ask(oauth.ClientSecretBasic('hunter2')), (refused) => {
      assert.ok(refused instanceof oauth.WWWAuthenticateChallengeError, String(refused))
      assert.equal(refused.cause[0].scheme, 'basic')
      return true
    })
  })

  test('a tool server gets no token and learns nothing about those of another', async () => {
    const as = await discovered(house)
    const asked = await oauth.clientCredentialsGrantRequest(as, client(crm), signer(house, crm, 'EdDSA'), call())
    await assert.rejects(oauth.processClientCredentialsResponse(as, client(crm), asked), { error: 'unauthorized_client' })
    const { access_token: token } = await minted(house, as)
    assert.deepEqual(await introspected(house, as, token, agent), { active: false })
  })
}
