/** Where one accepts an invitation. Behind the `#`, so that no server on the way writes it down. */
export const invitationLink = (token: string): string =>
  `${window.location.origin}/invitation#${token}`
