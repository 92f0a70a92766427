/**
 * A process to be killed: rotates the data key and the master key and seals anew, again and again.
 * Writes a dot when it begins and after each round.
 */

import {
  type ConnectionFacts,
  connect,
  createVault,
  masterKeySource,
  replaceMasterKey,
  resealAll,
  systemClock,
} from '#platform'

const [facts = '', file = ''] = process.argv.slice(2)
const owner = connect(JSON.parse(facts) as ConnectionFacts, 'pulse_owner', {
  max: 2,
  name: 'rotate',
})
const masterKey = masterKeySource({ data: '', masterKeyFile: file }, {})
const vault = createVault({ owner, masterKey, clock: systemClock })
const column = {
  table: 'actions.destination',
  column: 'sealed',
  key: ['tenant', 'key'],
  clear: 'secret',
}

for (;;) {
  process.stdout.write('.')
  await vault.rotate()
  await resealAll(owner, vault, [column])
  await replaceMasterKey(owner, masterKey)
}
