// dynalite 4.0.0 has no types. Only what engine.ts touches is declared.

declare module 'dynalite/db/index.js' {
  import type { AttributeValue } from 'aws-lambda';

  type Item = Record<string, AttributeValue>;
  interface KeySchema {
    AttributeName: string;
  }
  export interface Table {
    TableName: string;
    TableStatus: string;
    KeySchema: KeySchema[];
    LocalSecondaryIndexes?: { IndexName: string; KeySchema: KeySchema[] }[];
    GlobalSecondaryIndexes?: { IndexName: string; KeySchema: KeySchema[] }[];
  }
  /** An abstract-level database of JSON values. */
  interface Level {
    open(): Promise<void>;
    close(): Promise<void>;
    keys(range: { gte: string; lt: string }): AsyncIterable<string>;
    values(range: { gte: string; lt: string }): AsyncIterable<unknown>;
    batch(
      operations: ({ type: 'put'; key: string; value: unknown } | { type: 'del'; key: string })[],
    ): Promise<void>;
  }
  export interface Store {
    db: Level;
    tableDb: { awsAccountId: string; awsRegion: string };
    getTable(name: string, callback: (error: Error | null, table?: Table) => void): void;
  }
  const db: {
    create(options: {
      path: string;
      createTableMs: number;
      deleteTableMs: number;
      updateTableMs: number;
    }): Store;
    getIndexActions(
      indexes: { IndexName: string; KeySchema: KeySchema[] }[],
      before: Item | null,
      after: Item | null,
      table: Table,
    ): { puts: { index: string; key: string; item: Item }[] };
  };
  export default db;
}

declare module 'dynalite/validations/index.js' {
  const validations: {
    checkTypes(data: unknown, types: unknown): object;
    checkValidations(data: object, types: unknown, custom: unknown, store: unknown): void;
  };
  export default validations;
}
