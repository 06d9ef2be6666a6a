// The description that the daemon hands out, as others read it.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import fs from 'node:fs'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const here = (name) => fileURLToPath(new URL(name, import.meta.url))
const description = `${process.env.JETON_SOURCE}/docs/openapi.json`

export function tests(house) {
  test('the daemon hands out the description of the documents', async () => {
    const answer = await fetch(new URL('/openapi.json', house.issuer))
    assert.equal(answer.headers.get('content-type'), 'application/json')
    assert.equal(await answer.text(), fs.readFileSync(description, 'utf8'))
  })

  test('redocly finds neither an error nor a warning in it', async () => {
    const redocly = here('node_modules/@redocly/cli/bin/cli.js')
    const told = ['lint', description, '--config', here('redocly.yaml'), '--format', 'json']
    const env = { ...process.env, REDOCLY_TELEMETRY: 'off', REDOCLY_SUPPRESS_UPDATE_NOTICE: 'true' }
    const { stdout } = await promisify(execFile)(process.execPath, [redocly, ...told], { env })
    const { totals, problems } = JSON.parse(stdout)
    assert.deepEqual([totals.errors, totals.warnings], [0, 0], JSON.stringify(problems, null, 1))
  })
}
