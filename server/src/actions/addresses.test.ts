import { describe, expect, test } from 'vitest'
import { isPlainlyPrivate, isPublic } from './addresses.ts'

describe('isPublic', () => {
  test.each([
    '0.0.0.0',
    '0.1.2.3',
    '10.0.0.1',
    '100.64.0.1',
    '100.127.255.255',
    '127.0.0.1',
    '127.255.255.254',
    '168.63.129.16',
    '169.254.169.254',
    '172.16.0.1',
    '172.31.255.255',
    '192.0.0.192',
    '192.168.1.1',
    '198.18.0.1',
    '224.0.0.1',
    '255.255.255.255',
    '::',
    '::1',
    '::ffff:127.0.0.1',
    '::ffff:8.8.8.8',
    '64:ff9b::7f00:1',
    '2001::1',
    '2002:7f00:1::',
    'fc00::1',
    'fd00:ec2::254',
    'fe80::1',
    'fe80::1%eth0',
    'fec0::1',
    'ff02::1',
    'example.com',
    '',
  ])('refuses %s', (address) => expect(isPublic(address)).toBe(false))

  test.each([
    '8.8.8.8',
    '100.63.255.255',
    '172.32.0.1',
    '192.169.0.1',
    '2606:4700::1111',
    '2a00:1450::1',
  ])('lets %s pass', (address) => expect(isPublic(address)).toBe(true))
})

describe('isPlainlyPrivate', () => {
  test.each([
    'http://127.0.0.1/',
    'http://127.1/',
    'http://2130706433/',
    'http://0x7f000001/',
    'http://0x7f.1/',
    'http://0177.0.0.1/',
    'http://127.0.0.1./',
    'http://0/',
    'http://[::1]/',
    'http://[::ffff:10.0.0.1]/',
    'http://[0:0:0:0:0:ffff:7f00:1]/',
    'http://①②⑦.0.0.1/',
    'http://localhost/',
    'http://LOCALHOST./',
    'http://api.localhost/',
    'http://169.254.169.254/latest/meta-data/',
  ])('sees through %s', (url) => expect(isPlainlyPrivate(new URL(url))).toBe(true))

  test.each(['https://hooks.example.com/', 'https://8.8.8.8/', 'https://localhost.example.com/'])(
    'leaves %s to the resolver',
    (url) => expect(isPlainlyPrivate(new URL(url))).toBe(false),
  )
})
