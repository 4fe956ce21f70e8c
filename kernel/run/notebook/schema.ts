/**
 * The JSON schema of a notebook file, nbformat 4.0 to 4.5. It asks for what the format's own schemas ask for, but
 * lets unknown fields pass: notebooks that other tools wrote a little wrong are read by Jupyter, and so here.
 */
const text = { anyOf: [{ type: 'string' }, { type: 'array', items: { type: 'string' } }] };

export const bundleSchema = {
  type: 'object',
  // JSON types hold any value, every other type is text.
  patternProperties: { '^application/(.*\\+)?json$': {} },
  additionalProperties: text,
};

const count = { type: ['integer', 'null'], minimum: 0 };

export const outputSchema = {
  type: 'object',
  required: ['output_type'],
  discriminator: { propertyName: 'output_type' },
  oneOf: [
    {
      properties: { output_type: { const: 'stream' }, name: { type: 'string' }, text },
      required: ['name', 'text'],
    },
    {
      properties: {
        output_type: { const: 'display_data' },
        data: bundleSchema,
        metadata: { type: 'object' },
      },
      required: ['data', 'metadata'],
    },
    {
      properties: {
        output_type: { const: 'execute_result' },
        data: bundleSchema,
        metadata: { type: 'object' },
        execution_count: count,
      },
      required: ['data', 'metadata', 'execution_count'],
    },
    {
      properties: {
        output_type: { const: 'error' },
        ename: { type: 'string' },
        evalue: { type: 'string' },
        traceback: { type: 'array', items: { type: 'string' } },
      },
      required: ['ename', 'evalue', 'traceback'],
    },
  ],
};

const base = {
  id: { type: 'string', pattern: '^[a-zA-Z0-9_-]{1,64}$' },
  metadata: { type: 'object', properties: { tags: { type: 'array', items: { type: 'string' } } } },
  source: text,
};

const attachments = { type: 'object', additionalProperties: bundleSchema };

const cell = {
  type: 'object',
  required: ['cell_type', 'metadata', 'source'],
  discriminator: { propertyName: 'cell_type' },
  oneOf: [
    {
      properties: {
        ...base,
        cell_type: { const: 'code' },
        outputs: { type: 'array', items: outputSchema },
        execution_count: count,
      },
      required: ['outputs', 'execution_count'],
    },
    { properties: { ...base, cell_type: { const: 'markdown' }, attachments } },
    { properties: { ...base, cell_type: { const: 'raw' }, attachments } },
  ],
};

export const notebookSchema = {
  type: 'object',
  required: ['metadata', 'nbformat', 'nbformat_minor', 'cells'],
  properties: {
    nbformat: { const: 4 },
    nbformat_minor: { type: 'integer', minimum: 0 },
    metadata: {
      type: 'object',
      properties: {
        kernelspec: {
          type: 'object',
          properties: {
            name: { type: 'string' },
            display_name: { type: 'string' },
            language: { type: 'string' },
          },
        },
        language_info: { type: 'object', properties: { name: { type: 'string' } } },
      },
    },
    cells: { type: 'array', items: cell },
  },
};
