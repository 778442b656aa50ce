package dev.lateen.proxy.telemetry;

import com.google.protobuf.Struct;
import com.google.protobuf.Value;
import dev.lateen.proxycore.cluster.Endpoint;
import org.jspecify.annotations.Nullable;

/**
 * One side of a call as metrics name it (Istio documentation, "Istio Standard Metrics", labels {@code source_*} and
 * {@code destination_*}). What is not known is {@code unknown}.
 *
 * @param name of the workload, such as that of the Deployment
 * @param namespace where it is
 * @param app label {@code app}
 * @param version label {@code version}
 * @param cluster the Kubernetes cluster
 * @param canonicalService label {@code service.istio.io/canonical-name}
 * @param canonicalRevision label {@code service.istio.io/canonical-revision}
 */
public record Workload(
        String name,
        String namespace,
        String app,
        String version,
        String cluster,
        String canonicalService,
        String canonicalRevision) {
    static final String NOT_KNOWN = "unknown";

    /** Nobody that is known. */
    public static final Workload UNKNOWN =
            new Workload(NOT_KNOWN, NOT_KNOWN, NOT_KNOWN, NOT_KNOWN, NOT_KNOWN, NOT_KNOWN, "latest");

    /** Whoever is beyond the budget of series. */
    static final Workload OTHER = new Workload("other", "other", "other", "other", "other", "other", "other");

    private static final int ENDPOINT_PARTS = 5;

    /** What a node's metadata says, in Istio's names. */
    public static Workload of(Struct node) {
        Struct labels =
                node.getFieldsOrDefault("LABELS", Value.getDefaultInstance()).getStructValue();
        String name = text(node, "WORKLOAD_NAME", NOT_KNOWN);
        return new Workload(
                name,
                text(node, "NAMESPACE", NOT_KNOWN),
                text(labels, "app", NOT_KNOWN),
                text(labels, "version", NOT_KNOWN),
                text(node, "CLUSTER_ID", NOT_KNOWN),
                text(labels, "service.istio.io/canonical-name", name),
                text(labels, "service.istio.io/canonical-revision", "latest"));
    }

    /**
     * What the control plane says of an endpoint: {@code workload} in metadata {@code istio}, as {@code
     * name;namespace;canonical service;canonical revision;cluster}. Labels are not told there.
     */
    static Workload of(Endpoint endpoint) {
        Struct istio = endpoint.metadata().getFilterMetadataOrDefault("istio", Struct.getDefaultInstance());
        String[] parts = text(istio, "workload", "").split(";", -1);
        if (parts.length < ENDPOINT_PARTS) {
            return UNKNOWN;
        }
        return new Workload(
                known(parts[0], NOT_KNOWN),
                known(parts[1], NOT_KNOWN),
                NOT_KNOWN,
                NOT_KNOWN,
                known(parts[4], NOT_KNOWN),
                known(parts[2], NOT_KNOWN),
                known(parts[3], "latest"));
    }

    /** A part of it by the name that Istio's build of Envoy has for it; null for one that is not there. */
    public @Nullable String field(String field) {
        return switch (field) {
            case "workload" -> name;
            case "namespace" -> namespace;
            case "cluster" -> cluster;
            case "app" -> app;
            case "version" -> version;
            case "service" -> canonicalService;
            case "revision" -> canonicalRevision;
            default -> null;
        };
    }

    private static String text(Struct struct, String field, String otherwise) {
        return known(
                struct.getFieldsOrDefault(field, Value.getDefaultInstance()).getStringValue(), otherwise);
    }

    private static String known(String text, String otherwise) {
        return text.isEmpty() ? otherwise : text;
    }
}
