import { defineRefusals } from '#platform'

/** The refusals of Actions. */
export const refuse = defineRefusals('actions')
