import assert from 'node:assert/strict'
import { isIP } from 'node:net'
import fc from 'fast-check'
import {
  compareIp,
  equalIp,
  formatEndpoint,
  formatIp,
  formatPrefix,
  type IpAddress,
  ipFromBytes,
  parseEndpoint,
  parseIp,
  parsePrefix,
  sameAddresses,
} from '../../src/base/ip.js'

const bytes4 = fc.uint8Array({ minLength: 4, maxLength: 4 })
/** Many zeros: they are what the short form is about. */
const bytes6 = fc
  .array(fc.oneof(fc.constant(0), fc.constant(0), fc.integer({ min: 0, max: 0xffff })), {
    minLength: 8,
    maxLength: 8,
  })
  .map((groups) => Uint8Array.from(groups.flatMap((group) => [group >> 8, group & 0xff])))
const anyIp = fc.oneof(bytes4, bytes6).map((bytes) => ipFromBytes(bytes) as IpAddress)
/** Texts that look like addresses, mostly wrong ones. */
const nearlyIp = fc.string({
  unit: fc.constantFrom('0', '1', '25', 'a', 'ff', '.', '.', ':', ':', '::', '%', ' '),
})

describe('base/ip', () => {
  const canonical: [text: string, canonical: string, rule: string][] = [
    ['2001:0db8:0000:0000:0000:0000:0000:0001', '2001:db8::1', 'RFC 5952 4.1, 4.2.1: as short as possible'],
    ['2001:db8:0:0:0:0:2:1', '2001:db8::2:1', 'RFC 5952 4.2.1'],
    ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1', 'RFC 5952 4.2.2: not for one group'],
    ['2001:db8::1:1:1:1:1', '2001:db8:0:1:1:1:1:1', 'RFC 5952 4.2.2'],
    ['2001:0:0:1:0:0:0:1', '2001:0:0:1::1', 'RFC 5952 4.2.3: the longest run'],
    ['2001:db8:0:0:1:0:0:1', '2001:db8::1:0:0:1', 'RFC 5952 4.2.3: the first of equal runs'],
    ['2001:DB8::ABCD', '2001:db8::abcd', 'RFC 5952 4.3: lower case'],
    ['::', '::', 'all zeros'],
    ['::1', '::1', 'zeros first'],
    ['fe80::', 'fe80::', 'zeros last'],
    ['64:ff9b::192.0.2.33', '64:ff9b::c000:221', 'IPv4 at the end is read'],
    ['1.2.3.4', '1.2.3.4', 'dotted quad'],
  ]
  for (const [text, expected, rule] of canonical) {
    it(`${text} is ${expected} (${rule})`, () => {
      const ip = parseIp(text)
      assert.ok(ip)
      assert.equal(formatIp(ip), expected)
    })
  }

  const wrong = [
    ['', '1.2.3', '1.2.3.4.5', '1.2.3.256', '01.2.3.4', '1.2.3.4 ', '1..3.4', '+1.2.3.4', '0x1.2.3.4'],
    [
      ':',
      ':::',
      '1::2::3',
      '1:2:3:4:5:6:7',
      '1:2:3:4:5:6:7:8:9',
      '1:2:3:4:5:6:7::8',
      '12345::',
      'g::',
      ':1::',
    ],
    ['fe80::1%eth0', '1.2.3.4::', '::1.2.3', '::1.2.3.4:5', '[::1]', '::1/64'],
  ].flat()
  for (const text of wrong) {
    it(`${JSON.stringify(text)} is no address`, () => assert.equal(parseIp(text), undefined))
  }

  it('accepts exactly what Node accepts, zones aside', () => {
    fc.assert(
      fc.property(nearlyIp, (text) => {
        const node = text.includes('%') ? 0 : isIP(text)
        assert.equal(parseIp(text)?.family ?? 0, node)
      }),
      { numRuns: 2_000 },
    )
  })

  it('parse(format(x)) = x, and the canonical text is a fixed point', () => {
    fc.assert(
      fc.property(anyIp, (ip) => {
        const text = formatIp(ip)
        const parsed = parseIp(text)
        assert.ok(parsed && equalIp(parsed, ip))
        assert.equal(formatIp(parsed), text)
        assert.equal(isIP(text), ip.family)
      }),
    )
  })

  it('compares as unsigned numbers in network order, IPv4 first', () => {
    const number = (ip: IpAddress) => ip.bytes.reduce((sum, byte) => sum * 256n + BigInt(byte), 0n)
    fc.assert(
      fc.property(anyIp, anyIp, (a, b) => {
        const expected =
          a.family === b.family
            ? number(a) < number(b)
              ? -1
              : Number(number(a) > number(b))
            : a.family - b.family
        assert.equal(Math.sign(compareIp(a, b)), Math.sign(expected))
      }),
    )
  })

  it('bytes of no address length are no address', () => {
    assert.equal(ipFromBytes(new Uint8Array(5)), undefined)
  })

  it('prefixes', () => {
    for (const text of ['10.0.0.100/24', '0.0.0.0/0', '10.0.0.1/32', '2001:db8::1/128', '::/0']) {
      const prefix = parsePrefix(text)
      assert.ok(prefix)
      assert.equal(formatPrefix(prefix), text)
    }
    for (const text of [
      '10.0.0.1',
      '10.0.0.1/33',
      '::/129',
      '10.0.0.1/',
      '10.0.0.1/024',
      '10.0.0.1/-1',
      '/24',
    ]) {
      assert.equal(parsePrefix(text), undefined, text)
    }
  })

  it('endpoints', () => {
    for (const text of ['10.0.0.100:80', '0.0.0.0:0', '[2001:db8::1]:65535']) {
      const endpoint = parseEndpoint(text)
      assert.ok(endpoint)
      assert.equal(formatEndpoint(endpoint), text)
    }
    for (const text of [
      '10.0.0.1',
      '10.0.0.1:',
      '10.0.0.1:65536',
      '10.0.0.1:080',
      '::1:80',
      '[10.0.0.1]:80',
      ':80',
    ]) {
      assert.equal(parseEndpoint(text), undefined, text)
    }
  })

  it('lists of addresses are compared in any order, and none counts twice', () => {
    const list = (...texts: string[]): IpAddress[] => texts.map((text) => parseIp(text) as IpAddress)
    const table: [some: IpAddress[], others: IpAddress[], same: boolean][] = [
      [[], [], true],
      [list('10.0.0.1', '10.0.0.2'), list('10.0.0.1', '10.0.0.2'), true],
      [list('10.0.0.1', '10.0.0.2'), list('10.0.0.2', '10.0.0.1'), true],
      [list('10.0.0.1', '10.0.0.2'), list('10.0.0.1', '10.0.0.1'), false],
      [list('10.0.0.1', '10.0.0.2'), list('10.0.0.1'), false],
      [list('10.0.0.1'), list('10.0.0.1', '10.0.0.2'), false],
      [list('::1', '::2'), list('::2', '::1'), true],
      [list('::a00:1'), list('10.0.0.1'), false],
    ]
    for (const [some, others, same] of table) {
      assert.equal(sameAddresses(some, others), same, `${some.map(formatIp)} and ${others.map(formatIp)}`)
    }
  })
})
