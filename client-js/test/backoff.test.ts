import assert from "node:assert/strict"
import { test } from "node:test"
import { Backoff, FIRST_PAUSE, GOOD_AFTER, LONGEST_PAUSE } from "../src/backoff.js"

/** With the chance just below 1 the pauses show their bound. */
const most = 1 - Number.EPSILON

test("pauses double from half a second to half a minute", () => {
  const b = new Backoff()
  const pauses = Array.from({ length: 10 }, () => Math.round(b.failed(0, most)))
  assert.deepEqual(pauses, [500, 1000, 2000, 4000, 8000, 16000, 30000, 30000, 30000, 30000])
})

test("the whole pause is left to chance", () => {
  const b = new Backoff()
  assert.equal(b.failed(0, 0), 0)
  assert.equal(b.failed(0, 0.5), FIRST_PAUSE)
})

test("only what stood for a while starts over", () => {
  const b = new Backoff()
  for (let i = 0; i < 5; i++) b.failed(0, most)
  b.succeeded(1_000)
  assert.equal(Math.round(b.failed(1_000 + GOOD_AFTER - 1, most)), 16_000)
  b.succeeded(2_000)
  assert.equal(Math.round(b.failed(2_000 + GOOD_AFTER, most)), FIRST_PAUSE)
})

test("failing for ever stays within bounds", () => {
  const b = new Backoff()
  for (let i = 0; i < 3_000; i++) assert.ok(b.failed(0, most) <= LONGEST_PAUSE)
})
