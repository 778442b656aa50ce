package dev.lateen.mesh;

import com.google.protobuf.Message;
import dev.lateen.config.ObjectName;
import dev.lateen.mesh.patch.EnvoyPatch;
import dev.lateen.mesh.patch.EnvoyPatches;
import dev.lateen.mesh.translate.ProxyInputs;
import dev.lateen.mesh.translate.Translation;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Translates a snapshot to all that one proxy needs. Pure: the same snapshot and node give equal resources, in the same
 * order. Names and shapes are Istio's, and a stock Envoy takes every one of them.
 */
public final class Translator {
    /** Proxies with the same changes share what they give. */
    private record PatchKey(boolean gateway, Map<Integer, Set<Integer>> servers, List<EnvoyPatch> patches) {}

    private Translator() {}

    /** The resources of a proxy. */
    public static ProxyResources translate(Snapshot snapshot, ProxyNode node) {
        Map<String, Map<String, Message>> byType =
                switch (node.type()) {
                    case SIDECAR -> Translation.sidecar(snapshot, node);
                    case ROUTER -> Translation.router(snapshot, node);
                };
        Set<String> secrets = Translation.secrets(snapshot, node);
        List<EnvoyPatch> patches =
                snapshot.rules().patches(node.namespace(), Translation.labels(snapshot, node), node.metadata());
        if (patches.isEmpty()) {
            return new ProxyResources(byType, secrets);
        }
        boolean gateway = node.type() == ProxyNode.Type.ROUTER;
        Map<Integer, Set<Integer>> servers = gateway ? Translation.servers(snapshot, node) : Map.of();
        EnvoyPatches shared = snapshot.derived()
                .get(
                        new PatchKey(gateway, servers, patches),
                        EnvoyPatches.class,
                        former -> new EnvoyPatches(patches, gateway, servers, former));
        return new ProxyResources(shared.apply(byType), secrets);
    }

    /**
     * Names of outbound listeners at which two services of TCP want the same connections, so that the first has them all:
     * of the proxies that were translated for so far.
     */
    public static Set<String> conflicts(Snapshot snapshot) {
        return Translation.conflicts(snapshot);
    }

    /** The objects of configuration that the resources of a proxy are made from. */
    public static Set<ObjectName> inputs(Snapshot snapshot, ProxyNode node) {
        return ProxyInputs.of(snapshot, node);
    }
}
