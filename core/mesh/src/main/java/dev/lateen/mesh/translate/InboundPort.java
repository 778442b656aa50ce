package dev.lateen.mesh.translate;

import dev.lateen.config.networking.ConnectionPool;
import dev.lateen.mesh.registry.MeshPort;
import dev.lateen.mesh.registry.MeshService;
import org.jspecify.annotations.Nullable;

/**
 * A port of a workload that a service leads to.
 *
 * @param target the workload's port
 * @param endpoint where the app listens, {@code address:port}; empty for where the connection was going
 * @param bind address of the listener where a Sidecar names one, else empty
 * @param hasSocket whether the listener has a socket at {@code bind}; else connections to the port are captured
 * @param pool bounds that override those of the service; null for those
 */
record InboundPort(
        MeshService service,
        MeshPort port,
        int target,
        String endpoint,
        String bind,
        boolean hasSocket,
        @Nullable ConnectionPool pool) {
    /** A port whose connections are captured, and go on to where they were going. */
    static InboundPort captured(MeshService service, MeshPort port, int target, @Nullable ConnectionPool pool) {
        return new InboundPort(service, port, target, "", "", false, pool);
    }

    /** Name of its listener or of its part of the one that captured connections come to. */
    String listener() {
        return Names.listener(bind.isEmpty() ? Names.ANY : bind, target);
    }
}
