package dev.lateen.acceptance.behaviour;

import java.io.IOException;

/** A pair of proxies under test, a sidecar and one at the edge, configured by the control plane at a port. */
interface Peer extends AutoCloseable {
    /** Whether every listener and cluster that came is in force. */
    boolean settled() throws IOException, InterruptedException;

    @Override
    void close();
}
