/** `type = "tcp"`: the port accepts a connection. */
import { table } from '../../table.js'
import { common, later, synonyms, type } from './common.js'

export const tcpCheck = table({ type: type('tcp'), ...common }, { title: 'a tcp check', later, synonyms })
