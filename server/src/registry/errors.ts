import { defineRefusals } from '#platform'

/** The refusals of the Registry. */
export const refuse = defineRefusals('registry')
