/** A decoder thread that dies, as one does whose memory runs out. */
export default () => process.exit(1);
