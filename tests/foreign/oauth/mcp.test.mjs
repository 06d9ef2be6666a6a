// The TypeScript SDK of MCP reads our metadata, and its OAuth client gets a token for each call.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import http from 'node:http'
import { test } from 'node:test'
import * as jose from 'jose'
import { discoverAuthorizationServerMetadata } from '@modelcontextprotocol/sdk/client/auth.js'
import { OAuthMetadataSchema, OpenIdProviderMetadataSchema } from '@modelcontextprotocol/sdk/shared/auth.js'
import { fetchWithTokens } from './client_mcp.mjs'
import { agent, crm, redeem, tool } from './house.mjs'

/// Somebody who answers everything and remembers the Authorization of each request.
async function listener() {
  const seen = []
  const server = http.createServer((request, response) => {
    seen.push(request.headers.authorization)
    response.end('{}')
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return { seen, url: `http://127.0.0.1:${server.address().port}/`, close: () => server.close() }
}

export function tests(house) {
  const issuer = house.issuer.origin

  test('the SDK of MCP for TypeScript finds the daemon by its metadata', async () => {
    const found = await discoverAuthorizationServerMetadata(issuer)
    assert.equal(found.issuer, issuer)
    assert.equal(found.token_endpoint, `${issuer}/oauth2/token`)
    const read = async (name) => (await fetch(`${issuer}/.well-known/${name}`)).json()
    OAuthMetadataSchema.parse(await read('oauth-authorization-server'))
    OpenIdProviderMetadataSchema.parse(await read('openid-configuration'))
    const answer = await fetch(found.authorization_endpoint)
    assert.deepEqual([answer.status, (await answer.json()).error], [400, 'unsupported_response_type'])
  })

  test('the program of the documents for the SDK of MCP gets a token for each call and none for what is no call', async () => {
    const pem = await jose.exportPKCS8(house.keys[agent].ES256.key)
    const fetchOf = await fetchWithTokens(issuer, agent, pem, crm)
    const there = await listener()
    const send = (method, params) => fetchOf(there.url, { method: 'POST', body: JSON.stringify({ method, params }) })
    const params = { name: tool, arguments: { order: 'A-17', amount: 40 } }
    await send('tools/list')
    await send('tools/call', params)
    await send('tools/call', params)
    there.close()
    const tokens = there.seen.map((header) => header?.replace(/^Bearer /, ''))
    assert.equal(tokens[0], undefined)
    for (const token of tokens.slice(1)) assert.equal((await redeem(house, crm, token)).status, 200)
  })
}
