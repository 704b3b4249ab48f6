/**
 * The page that a gateway in front of the API answers with: no JSON, no correlation id, nothing that names the cause.
 */
export const errorPage = (status: number): string =>
  `<!DOCTYPE html>\n<html>\n<head><title>${status}</title></head>\n<body><center><h1>${status}</h1></center><hr><center>cloudflare</center></body>\n</html>\n`;
