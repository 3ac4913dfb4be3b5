/** Headers of answers that are files to keep. */

/** RFC 6266, with the UTF-8 form of RFC 8187 for names beyond ASCII. */
export function attachment(name: string): Record<string, string> {
  const plain = name.replace(/[^\x20-\x7e]|["\\%/]/g, '_');
  // What a URI lets stand and RFC 8187 does not: the apostrophe ends the language before the name.
  const encoded = encodeURIComponent(name).replace(/['()*]/g, (mark) => `%${mark.charCodeAt(0).toString(16).toUpperCase()}`);
  return {
    'content-type': 'application/octet-stream',
    'content-disposition': `attachment; filename="${plain}"; filename*=UTF-8''${encoded}`,
  };
}
