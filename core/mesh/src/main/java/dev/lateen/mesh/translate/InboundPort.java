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
 * @param pool bounds that override those of the service; null for those
 */
record InboundPort(
        MeshService service,
        MeshPort port,
        int target,
        String endpoint,
        @Nullable ConnectionPool pool) {}
