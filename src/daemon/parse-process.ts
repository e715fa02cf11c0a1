/** A short-lived process: reads and judges the file, so that a large or a wrong one stalls nobody. */
import { loadConfig } from '../config/load.js'

const [file] = process.argv.slice(2)
if (file === undefined || !process.send) throw new Error('started by the daemon only')
const loaded = await loadConfig(file)
process.send(loaded, () => process.disconnect())
