import { defineRefusals } from '#platform'

/** The refusals of Rules. */
export const refuse = defineRefusals('rules')
