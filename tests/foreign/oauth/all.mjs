// Every test of this folder at one daemon, in one process.
import { after, test } from 'node:test'
import assert from 'node:assert/strict'
import { openHouse } from './house.mjs'
import { openIdp } from './idp.mjs'
import { tests as joseTests } from './jose.test.mjs'
import { tests as mcpTests } from './mcp.test.mjs'
import { tests as oauthTests } from './oauth4webapi.test.mjs'
import { tests as openapiTests } from './openapi.test.mjs'
import { tests as openidTests } from './openid_client.test.mjs'

const house = await openHouse(openIdp)
openapiTests(house)
oauthTests(house)
openidTests(house)
joseTests(house)
mcpTests(house)
test('after all that the daemon runs', () => assert.ok(house.alive(), house.said()))
after(async () => {
  await house.close()
  if (process.exitCode || process.env.JETON_TEST_LOUD) process.stderr.write(house.said())
})
