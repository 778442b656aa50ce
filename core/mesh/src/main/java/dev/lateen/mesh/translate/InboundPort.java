package dev.lateen.mesh.translate;

import dev.lateen.mesh.registry.MeshPort;
import dev.lateen.mesh.registry.MeshService;

/**
 * A port of a workload that a service leads to.
 *
 * @param target the workload's port
 */
record InboundPort(MeshService service, MeshPort port, int target) {}
