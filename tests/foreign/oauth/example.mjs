import * as oauth from 'oauth4webapi'

/// The token for one call of `tool` with `args` at `server`, and what came with it.
export async function tokenFor(issuer, clientId, key, server, tool, args) {
  const found = await oauth.discoveryRequest(issuer, { algorithm: 'oauth2' })
  const as = await oauth.processDiscoveryResponse(issuer, found)
  const client = { client_id: clientId }
  const answer = await oauth.clientCredentialsGrantRequest(as, client, oauth.PrivateKeyJwt(key), {
    resource: server,
    authorization_details: JSON.stringify([
      { type: 'jeton_tool_call', actions: ['tools/call'], identifier: tool, arguments: args },
    ]),
  })
  return oauth.processClientCredentialsResponse(as, client, answer)
}
