import { PrivateKeyJwtProvider } from '@modelcontextprotocol/sdk/client/auth-extensions.js'
import { discoverAuthorizationServerMetadata, fetchToken } from '@modelcontextprotocol/sdk/client/auth.js'

class CallProvider extends PrivateKeyJwtProvider {
  prepareTokenRequest() {
    return new URLSearchParams({ grant_type: 'client_credentials', authorization_details: JSON.stringify([this.call]) })
  }
}

/// A fetch for the transport to `server`: each tools/call goes out with a token of its own. `pem` is a PKCS #8 key on P-256.
export async function fetchWithTokens(issuer, clientId, pem, server) {
  const metadata = await discoverAuthorizationServerMetadata(issuer)
  const tokenFor = async (tool, args) => {
    const provider = new CallProvider({ clientId, privateKey: pem, algorithm: 'ES256', expectedIssuer: issuer })
    provider.call = { type: 'jeton_tool_call', actions: ['tools/call'], identifier: tool, arguments: args }
    return fetchToken(provider, issuer, { metadata, resource: new URL(server) })
  }
  return async (url, init = {}) => {
    const { method, params } = init.body ? JSON.parse(init.body) : {}
    if (method !== 'tools/call') return fetch(url, init)
    const { access_token: token } = await tokenFor(params.name, params.arguments ?? {})
    const headers = new Headers(init.headers)
    headers.set('authorization', `Bearer ${token}`)
    return fetch(url, { ...init, headers })
  }
}
