/** `type = "script"`: a program of the operator's says so. */
import { defaulted, required } from '../../schema.js'
import { table } from '../../table.js'
import { flag } from '../../values.js'
import { command, defaultUser, userName } from '../program.js'
import { common, later, synonyms, type } from './common.js'

const { bind: _, ...withoutBind } = common

export const scriptCheck = table(
  {
    type: type('script'),
    ...withoutBind,
    command: required(
      command,
      'Exit status 0 passes. The program is named by its absolute path and started without a shell.',
    ),
    user: defaulted(
      userName,
      defaultUser,
      'User as whom it runs, with no other group than that user has of its own.',
    ),
    weight_from_exit: defaulted(
      flag,
      false,
      "Exit status 0 passes with the server's own weight, 1 fails, 2 to 255 passes with the weight 0 to 253.",
    ),
  },
  {
    title: 'a script check',
    later,
    synonyms: {
      ...synonyms,
      script: 'command',
      misc_path: 'command',
      misc_timeout: 'timeout',
      misc_dynamic: 'weight_from_exit',
    },
  },
)
