import { frontAddress } from '../addresses.js'
import { runKeepalived } from '../keepalived.js'
import type { Lab } from '../lab.js'
import {
  meetPeer,
  type ProtocolRouter,
  prefixLength,
  protocolRouters,
  untilHolds,
} from '../protocol-routers.js'
import type { Scenario } from '../scenario.js'

const routers: readonly ProtocolRouter[] = Object.values(protocolRouters)

const instance =
  (priority: number) =>
  ({ name, vrid, version, transport, password, addresses, virtualMac }: ProtocolRouter): string =>
    `
vrrp_instance ${name} {
  state BACKUP
  interface eth0
  version ${version}
  virtual_router_id ${vrid}
  priority ${priority}
  advert_int 1
  ${virtualMac ? `use_vmac ${name}` : ''}
  ${
    transport === 'unicast'
      ? `unicast_src_ip ${frontAddress('lb2')}\n  unicast_peer {\n    ${frontAddress('lb1')}\n  }`
      : ''
  }
  ${password === undefined ? '' : `authentication {\n    auth_type PASS\n    auth_pass ${password}\n  }`}
  virtual_ipaddress {
    ${addresses.map((address) => `${address}/${prefixLength(address)}`).join('\n    ')}
  }
}`

async function run(lab: Lab): Promise<void> {
  await meetPeer(
    lab,
    routers,
    async (priority) => runKeepalived(lab, 'lb2', routers.map(instance(priority)).join('\n')),
    (active, patience) => untilHolds(lab, 'lb2', routers, active, patience),
  )
}

export const keepalivedProtocols: Scenario = {
  name: 'keepalived-protocols',
  summary:
    'keepalived and vipair elect one Active, whoever is higher: version 2 and 3, IPv6, unicast, a password, virtual MACs',
  forwarding: 'direct',
  run,
}
