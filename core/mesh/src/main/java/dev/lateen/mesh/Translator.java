package dev.lateen.mesh;

import com.google.protobuf.Message;
import dev.lateen.mesh.translate.Translation;
import java.util.Map;

/**
 * Translates a snapshot to all that one proxy needs. Pure: the same snapshot and node give equal resources, in the same
 * order. Names and shapes are Istio's, and a stock Envoy takes every one of them.
 */
public final class Translator {
    private Translator() {}

    /** The resources of a proxy. */
    public static ProxyResources translate(Snapshot snapshot, ProxyNode node) {
        Map<String, Map<String, Message>> byType =
                switch (node.type()) {
                    case SIDECAR -> Translation.sidecar(snapshot, node);
                    case ROUTER -> Translation.router(snapshot, node);
                };
        return new ProxyResources(byType);
    }
}
