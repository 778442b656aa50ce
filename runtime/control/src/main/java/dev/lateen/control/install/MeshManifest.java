package dev.lateen.control.install;

import dev.lateen.config.CustomResourceDefinitions;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.KubernetesResource;
import io.fabric8.kubernetes.api.model.apiextensions.v1.CustomResourceDefinition;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/** The objects that make up the mesh in a cluster, in the order of creating them. Pure. */
final class MeshManifest {
    static final String NAMESPACE = "istio-system";

    /** On every object that was installed, and only there: what is without it is not ours to change or remove. */
    static final String MARK = "app.kubernetes.io/managed-by";

    static final String MARK_VALUE = "lateen";

    private static final String GATEWAY = "istio-ingressgateway";

    private MeshManifest() {}

    /**
     * @param local whether the cluster is Lateen's own on this machine: unknown hosts are refused there, captured
     *     sockets are told by a mark, and changes are sent almost at once
     */
    static List<HasMetadata> of(InstallFlags flags, boolean local) {
        String hub = flags.get(InstallFlags.HUB, "lateen");
        String tag = flags.get(InstallFlags.TAG, "");
        String suffix = tag.isEmpty() ? "" : ":" + tag;
        Map<String, String> values = new HashMap<>(Map.of(
                "controlImage",
                hub + "/control" + suffix,
                "proxyImage",
                hub + "/proxy" + suffix,
                "initImage",
                hub + "/proxy-init" + suffix,
                "outboundMode",
                flags.get(InstallFlags.OUTBOUND, local ? "REGISTRY_ONLY" : "ALLOW_ANY"),
                "accessLogFile",
                flags.get(InstallFlags.ACCESS_LOG, "/dev/stdout"),
                "socketMark",
                local ? "1337" : "0",
                "debounce",
                local ? "20ms" : "100ms"));
        String sidecar = flags.get(InstallFlags.PROXY_IMAGE, "proxy");
        values.put("sidecarImage", sidecar.contains("/") ? sidecar : hub + "/" + sidecar + suffix);
        values.put("consoleImage", hub + "/console" + suffix);
        values.put("prometheus", flags.get(InstallFlags.PROMETHEUS, ""));
        values.put("zipkinImage", hub + "/zipkin" + suffix);
        values.put(
                "tracing",
                flags.isOn(InstallFlags.TRACING)
                        ? "{sampling: " + flags.get(InstallFlags.SAMPLING, local ? "100" : "1")
                                + ", zipkin: {address: \"zipkin.istio-system:9411\"}}"
                        : "{}");
        List<HasMetadata> objects = new ArrayList<>();
        add(objects, "mesh.yaml", values);
        if (flags.isOn(InstallFlags.GRAFANA)) {
            page(objects, values, "grafana", "3000", "dashboards");
        }
        if (flags.isOn(InstallFlags.SERVICE_GRAPH)) {
            page(objects, values, "servicegraph", "8088", "map");
        }
        if (flags.isOn(InstallFlags.TRACING)) {
            add(objects, "tracing.yaml", values);
        }
        // Last, so that they are the first to go: with nobody to answer them, they would hold up everything else.
        if (flags.get(InstallFlags.INJECTOR, "true").equals("true")) {
            add(objects, "injector.yaml", values);
        }
        add(objects, "validator.yaml", values);
        if (flags.get(InstallFlags.GATEWAY, "true").equals("false")) {
            objects.removeIf(object -> object.getMetadata().getName().startsWith(GATEWAY));
        }
        // The namespace first, then the definitions, so that the control plane finds its kinds when it starts.
        CustomResourceDefinitions.all()
                .forEach(definition ->
                        objects.add(1, Serialization.unmarshal(definition.toString(), CustomResourceDefinition.class)));
        objects.forEach(MeshManifest::mark);
        return objects;
    }

    /** A page of the console under the name and at the port of what it stands for. */
    private static void page(
            List<HasMetadata> objects, Map<String, String> common, String name, String port, String landing) {
        Map<String, String> values = new HashMap<>(common);
        values.putAll(Map.of("name", name, "port", port, "landing", landing));
        add(objects, "console.yaml", values);
    }

    private static void add(List<HasMetadata> objects, String file, Map<String, String> values) {
        for (String document : text(file).split("(?m)^---$")) {
            objects.add((HasMetadata) Serialization.unmarshal(fill(document, values), KubernetesResource.class));
        }
    }

    private static void mark(HasMetadata object) {
        Map<String, String> labels = object.getMetadata().getLabels();
        Map<String, String> marked = labels == null ? new HashMap<>() : new HashMap<>(labels);
        marked.put(MARK, MARK_VALUE);
        object.getMetadata().setLabels(marked);
    }

    static boolean isMarked(HasMetadata object) {
        Map<String, String> labels = object.getMetadata().getLabels();
        return labels != null && MARK_VALUE.equals(labels.get(MARK));
    }

    private static String fill(String text, Map<String, String> values) {
        String filled = text;
        for (Map.Entry<String, String> value : values.entrySet()) {
            filled = filled.replace("${" + value.getKey() + "}", value.getValue());
        }
        return filled;
    }

    private static String text(String file) {
        try (InputStream in = Objects.requireNonNull(
                MeshManifest.class.getResourceAsStream(file), file + " is missing from the jar")) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
