// jose, as a tool server that keeps our public keys: each algorithm, and what must not pass.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as jose from 'jose'
import * as client from 'openid-client'
import { agent, call, certify, federationAlgs, federationToken, sts, tokenAlgs } from './house.mjs'

export function tests(house) {
  for (const { alg, server } of tokenAlgs) {
    test(`jose verifies tokens of ${alg} by our key set and refuses what is not for it`, async () => {
      const auth = client.PrivateKeyJwt(house.keys[agent].EdDSA)
      const config = await client.discovery(house.issuer, agent, undefined, auth)
      const { access_token: token } = await client.clientCredentialsGrant(config, call(server))
      const keys = jose.createRemoteJWKSet(new URL(config.serverMetadata().jwks_uri))
      const expected = { issuer: house.issuer.origin, audience: server, typ: 'at+jwt', algorithms: [alg] }
      const verify = (text, more = {}) => jose.jwtVerify(text, keys, { ...expected, ...more })

      const { payload, protectedHeader } = await verify(token)
      assert.equal(payload.client_id, agent)
      assert.deepEqual(Object.keys(protectedHeader).sort(), ['alg', 'kid', 'typ'])
      const key = config && (await (await fetch(config.serverMetadata().jwks_uri)).json()).keys
      const jwk = key.find(({ kid }) => kid === protectedHeader.kid)
      assert.equal(await jose.calculateJwkThumbprint(jwk), protectedHeader.kid)

      await assert.rejects(verify(token, { audience: 'https://mail.example/mcp' }), jose.errors.JWTClaimValidationFailed)
      await assert.rejects(verify(token, { issuer: 'https://other.example' }), jose.errors.JWTClaimValidationFailed)
      await assert.rejects(verify(token, { typ: 'JWT' }), jose.errors.JWTClaimValidationFailed)
      const later = { currentDate: new Date(Date.now() + 40_000) }
      await assert.rejects(verify(token, later), jose.errors.JWTExpired)
      const [header, , signature] = token.split('.')
      const other = jose.base64url.encode(JSON.stringify({ ...payload, sub: 'mallory' }))
      await assert.rejects(verify([header, other, signature].join('.')), jose.errors.JWSSignatureVerificationFailed)
      const unknown = jose.base64url.encode(JSON.stringify({ ...protectedHeader, kid: 'x' }))
      await assert.rejects(verify([unknown, ...token.split('.').slice(1)].join('.')), jose.errors.JWKSNoMatchingKey)
    })

    test(`jose minds no chain in a key of ${alg}`, async () => {
      const auth = client.PrivateKeyJwt(house.keys[agent].EdDSA)
      const config = await client.discovery(house.issuer, agent, undefined, auth)
      // RFC 7517 section 4: members of a key that are not understood must be ignored.
      const jwks = await certify(house)
      assert.ok(jwks.keys.every(({ jeton_chain: chain }) => chain.length === 2))
      const { access_token: token } = await client.clientCredentialsGrant(config, call(server))
      const expected = { issuer: house.issuer.origin, audience: server, typ: 'at+jwt', algorithms: [alg] }
      for (const keys of [jose.createLocalJWKSet(jwks), jose.createRemoteJWKSet(new URL(config.serverMetadata().jwks_uri))]) {
        const { payload, protectedHeader } = await jose.jwtVerify(token, keys, expected)
        assert.equal(payload.client_id, agent)
        assert.ok(jwks.keys.some(({ kid }) => kid === protectedHeader.kid))
      }
    })
  }

  for (const alg of federationAlgs) {
    test(`jose takes a federation token of ${alg} by its own keys alone`, async () => {
      const token = await federationToken(alg)
      const issuer = new URL('/federation', house.issuer)
      const about = await (await fetch(`${issuer}/.well-known/openid-configuration`)).json()
      assert.equal(about.issuer, issuer.href)
      const expected = { issuer: issuer.href, audience: sts, typ: 'JWT', algorithms: [alg] }
      const keys = jose.createRemoteJWKSet(new URL(about.jwks_uri))
      const { payload, protectedHeader } = await jose.jwtVerify(token, keys, expected)
      assert.equal(payload.sub, 'spiffe://acme.example/agent/backup')
      assert.deepEqual(Object.keys(payload).sort(), ['aud', 'exp', 'iat', 'iss', 'jti', 'sub'])
      assert.deepEqual(Object.keys(protectedHeader).sort(), ['alg', 'kid', 'typ'])

      const other = { ...expected, audience: 'https://crm.example/mcp' }
      await assert.rejects(jose.jwtVerify(token, keys, other), jose.errors.JWTClaimValidationFailed)
      const calls = jose.createRemoteJWKSet(new URL('/oauth2/jwks', house.issuer))
      await assert.rejects(jose.jwtVerify(token, calls, expected), jose.errors.JWKSNoMatchingKey)
    })
  }
}
