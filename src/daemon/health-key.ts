/** Under which the verdict on a server of a service is kept. */
export const healthKey = (service: string, server: string): string => `${service}\n${server}`
