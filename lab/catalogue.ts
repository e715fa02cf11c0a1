import type { Scenario } from './scenario.js'
import { acceptNothing } from './scenarios/accept-nothing.js'
import { cutActive } from './scenarios/cut-active.js'
import { differentKeys } from './scenarios/different-keys.js'
import { draining } from './scenarios/draining.js'
import { failback, failbackNat } from './scenarios/failback.js'
import { forwardingChecked } from './scenarios/forwarding-checked.js'
import { freezeActive } from './scenarios/freeze-active.js'
import { frrProtocols } from './scenarios/frr-protocols.js'
import { fullNat, fullNatNftables } from './scenarios/full-nat.js'
import { healthcheckKilled } from './scenarios/healthcheck-killed.js'
import { ipvsKernel } from './scenarios/ipvs-kernel.js'
import { ipvsKilled } from './scenarios/ipvs-killed.js'
import { ipvsMatrix } from './scenarios/ipvs-matrix.js'
import { judgement } from './scenarios/judgement.js'
import { keepalivedPeerHigher, keepalivedPeerLower } from './scenarios/keepalived-peer.js'
import { keepalivedProtocols } from './scenarios/keepalived-protocols.js'
import { killActive, killActiveNat } from './scenarios/kill-active.js'
import { labKeepalived } from './scenarios/lab-keepalived.js'
import { labSpreadDirect, labSpreadNat } from './scenarios/lab-spread.js'
import { packetFlood } from './scenarios/packet-flood.js'
import { reloadServices } from './scenarios/reload-services.js'
import { restartOnlyDirector } from './scenarios/restart-only-director.js'
import { scriptChecks } from './scenarios/script-checks.js'
import { serverKilled } from './scenarios/server-killed.js'
import { servicesTracked } from './scenarios/services-tracked.js'
import { spreadDirect, spreadNat } from './scenarios/spread.js'
import { termActive } from './scenarios/term-active.js'
import { tunnels } from './scenarios/tunnels.js'
import { twoDirectors } from './scenarios/two-directors.js'
import { youngSessions } from './scenarios/young-sessions.js'

/** Every scenario, in the order they run. */
export const catalogue: readonly Scenario[] = [
  labSpreadDirect,
  labSpreadNat,
  labKeepalived,
  ipvsKernel,
  ipvsMatrix,
  tunnels,
  forwardingChecked,
  spreadDirect,
  spreadNat,
  killActive,
  killActiveNat,
  failback,
  failbackNat,
  cutActive,
  youngSessions,
  termActive,
  freezeActive,
  serverKilled,
  scriptChecks,
  servicesTracked,
  twoDirectors,
  restartOnlyDirector,
  reloadServices,
  draining,
  judgement,
  ipvsKilled,
  healthcheckKilled,
  differentKeys,
  keepalivedPeerLower,
  keepalivedPeerHigher,
  keepalivedProtocols,
  frrProtocols,
  packetFlood,
  acceptNothing,
  fullNat,
  fullNatNftables,
]
