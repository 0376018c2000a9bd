// The measured contract in Node: the same functions as in Python and Go, on Fabric's contract API.
'use strict';

const { Contract } = require('fabric-contract-api');

const COLLECTION = 'benchCollection';

class Bench extends Contract {
  constructor() {
    super('bench');
  }

  async create(ctx, key, value) {
    await ctx.stub.putState(key, Buffer.from(value));
  }

  async read(ctx, key) {
    return (await ctx.stub.getState(key)).toString();
  }

  async update(ctx, key, value) {
    const old = await ctx.stub.getState(key);
    await ctx.stub.putState(key, Buffer.from(value));
    return old.length;
  }

  async writeMany(ctx, prefix, count, value) {
    for (let i = 0; i < Number(count); i++) {
      await ctx.stub.putState(prefix + i, Buffer.from(value));
    }
  }

  async readMany(ctx, prefix, count) {
    let length = 0;
    for (let i = 0; i < Number(count); i++) {
      length += (await ctx.stub.getState(prefix + i)).length;
    }
    return length;
  }

  async createPrivate(ctx, key) {
    const value = ctx.stub.getTransient().get('value');
    if (value === undefined) {
      throw new Error('the transient field value is missing');
    }
    await ctx.stub.putPrivateData(COLLECTION, key, value);
  }

  async history(ctx, key) {
    let count = 0;
    for await (const _ of ctx.stub.getHistoryForKey(key)) {
      count++;
    }
    return count;
  }
}

module.exports.contracts = [Bench];
