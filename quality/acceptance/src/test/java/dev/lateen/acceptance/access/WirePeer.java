package dev.lateen.acceptance.access;

import dev.lateen.proxy.tls.IdentityOptions;
import java.io.IOException;
import java.nio.file.Path;

/** A running proxy: ours, or a real Envoy with our agent beside it. */
interface WirePeer extends AutoCloseable {
    /** @param kind {@code lateen}, or the binary of an Envoy */
    static WirePeer start(String kind, Role role, int xdsPort, IdentityOptions identity, Path work) throws IOException {
        return kind.equals("lateen")
                ? new OurPeer(role, xdsPort, identity)
                : new EnvoyWithAgent(role, Path.of(kind), xdsPort, identity, work);
    }

    void awaitReady() throws InterruptedException;

    @Override
    void close() throws IOException;
}
