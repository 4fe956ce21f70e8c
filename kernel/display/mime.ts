/** A MIME bundle: one value in several representations, keyed by MIME type. Binary types are base64 text. */
export type MimeBundle = Record<string, unknown>;

/** Metadata of a bundle, keyed by MIME type (for example `{ 'image/png': { width, height } }`). */
export type MimeMetadata = Record<string, unknown>;
