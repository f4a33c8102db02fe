package conformance

import "github.com/minirabbit/minirabbit/wire"

// tx is a channel in transaction mode.
type tx struct{ c *RawChannel }

// commit commits and gives what arrived before the reply.
func (x tx) commit() []string {
	x.c.raw.t.Helper()
	x.c.Send(&wire.TxCommit{})
	return x.c.until(wire.IDTxCommitOk)
}

func (x tx) rollback() {
	x.c.raw.t.Helper()
	Call[*wire.TxRollbackOk](x.c, &wire.TxRollback{})
}

func newTx(c *RawChannel) tx {
	c.raw.t.Helper()
	Call[*wire.TxSelectOk](c, &wire.TxSelect{})
	return tx{c}
}
