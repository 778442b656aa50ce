package dev.lateen.control.inject;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;
import tools.jackson.dataformat.yaml.YAMLMapper;

/**
 * The one function that makes a pod a pod of the mesh; the command and the webhook both call it. Pure: the given pod
 * is not changed, and a pod that is injected already, opts out or uses the host's network comes back as it was.
 */
public final class PodInjection {
    private static final Pattern VARIABLE = Pattern.compile("\\$\\{(\\w+)}");
    /** As Istio reads labels and annotations that say yes or no (YAML 1.1, bool). */
    private static final Set<String> YES = Set.of("y", "yes", "true", "on");

    private static final int LONGEST_LABEL = 63;
    private static final Set<String> NAMESPACES_LEFT_ALONE = Set.of("kube-system", "kube-public", "kube-node-lease");

    private final YAMLMapper yaml = new YAMLMapper();
    private final InjectionSettings settings;
    private final String template;

    /** Injects by these settings. */
    public PodInjection(InjectionSettings settings) {
        this.settings = settings;
        this.template = template(settings.variables());
    }

    /**
     * What became of a pod.
     *
     * @param pod the pod or pod template, with metadata and spec
     * @param injected whether it carries a sidecar now that it did not carry before
     * @param warnings what was found in its annotations that cannot be honoured
     */
    public record Result(ObjectNode pod, boolean injected, List<String> warnings) {}

    /**
     * Puts the sidecar into a pod or pod template.
     *
     * @throws InjectionException when the pod cannot be injected as it stands
     */
    public Result inject(ObjectNode original, Workload workload) {
        ObjectNode pod = original.deepCopy();
        SidecarAnnotations annotations =
                new SidecarAnnotations(pod.path("metadata").path("annotations"));
        if (!wanted(pod, annotations, workload.namespace())) {
            return new Result(pod, false, List.of());
        }
        ObjectNode sidecar = (ObjectNode) yaml.readTree(template);
        ObjectNode init = (ObjectNode) sidecar.path("initContainers").path(0);
        ObjectNode proxy = (ObjectNode) sidecar.path("containers").path(0);
        ObjectNode spec = (ObjectNode) pod.path("spec");
        ArrayNode containers = array(spec, "containers");

        annotations.captureArguments().forEach(array(init, "args")::add);
        ObjectNode config = proxyConfig(
                annotations,
                settings.mesh()
                        .forPod(
                                workload.namespace().isEmpty() ? "default" : workload.namespace(),
                                InjectionSettings.texts(pod.path("metadata").path("labels"))));
        environment(proxy, pod, containers, annotations, workload, config);
        // The container that writes the capture rules reads some of them too, such as ISTIO_META_DNS_CAPTURE.
        InjectionSettings.texts(config.path("proxyMetadata")).forEach((name, value) -> {
            add(array(init, "env"), name, value);
            add(array(proxy, "env"), name, value);
        });
        settings.environment().forEach((name, value) -> put(array(proxy, "env"), name, value));
        overrides(init, proxy, annotations);
        metadata(pod, containers, sidecar, workload);

        array(spec, "initContainers").add(init);
        containers.add(proxy);
        sidecar.path("volumes").forEach(array(spec, "volumes")::add);
        return new Result(pod, true, annotations.problems());
    }

    private static boolean wanted(ObjectNode pod, SidecarAnnotations annotations, String namespace) {
        JsonNode label = pod.path("metadata").path("labels").path(SidecarAnnotations.INJECT);
        String inject = label.isMissingNode() ? annotations.text(SidecarAnnotations.INJECT, "") : label.asString("");
        boolean already = !annotations.text(SidecarAnnotations.STATUS, "").isEmpty();
        for (JsonNode container : pod.path("spec").path("containers")) {
            already |= container.path("name").asString("").equals("istio-proxy");
        }
        return !already
                && (inject.isEmpty() || YES.contains(inject.toLowerCase(Locale.ROOT)))
                && !pod.path("spec").path("hostNetwork").asBoolean(false)
                && pod.path("spec").path("containers").size() > 0
                && !NAMESPACES_LEFT_ALONE.contains(namespace);
    }

    private void environment(
            ObjectNode proxy,
            ObjectNode pod,
            ArrayNode containers,
            SidecarAnnotations annotations,
            Workload workload,
            ObjectNode config) {
        ArrayNode env = array(proxy, "env");
        add(env, "PROXY_CONFIG", config.toString());
        ArrayNode ports = JsonNodeFactory.instance.arrayNode();
        List<String> names = new ArrayList<>();
        for (JsonNode container : containers) {
            names.add(container.path("name").asString(""));
            container.path("ports").forEach(ports::add);
        }
        add(env, "ISTIO_META_POD_PORTS", ports.toString());
        add(env, "ISTIO_META_APP_CONTAINERS", String.join(",", names));
        add(env, "ISTIO_META_INTERCEPTION_MODE", "REDIRECT");
        add(env, "ISTIO_META_WORKLOAD_NAME", workload.name());
        add(env, "ISTIO_META_OWNER", workload.owner());
        if (settings.socketMark() != 0) {
            add(env, "LATEEN_SOCKET_MARK", String.valueOf(settings.socketMark()));
            ObjectNode security = (ObjectNode) proxy.path("securityContext");
            security.remove(List.of("runAsUser", "runAsGroup", "runAsNonRoot"));
            ((ObjectNode) security.path("capabilities")).putArray("add").add("NET_ADMIN");
        }
        if (!annotations.text("sidecar.istio.io/rewriteAppHTTPProbers", "true").equals("false")) {
            ObjectNode probers = ProbeRewrite.rewrite(containers);
            if (!probers.isEmpty()) {
                add(env, "ISTIO_KUBE_APP_PROBERS", probers.toString());
            }
        }
        prometheus(env, object(pod, "metadata"));
    }

    private ObjectNode proxyConfig(SidecarAnnotations annotations, ObjectNode ofMesh) {
        ObjectNode config = JsonNodeFactory.instance.objectNode();
        config.put("discoveryAddress", settings.discoveryAddress());
        config.setAll(ofMesh);
        String text = annotations.text("proxy.istio.io/config", "");
        if (!text.isEmpty()) {
            if (!(yaml(text) instanceof ObjectNode fields)) {
                throw new InjectionException("annotation proxy.istio.io/config: expected fields of ProxyConfig as YAML,"
                        + " found: " + text);
            }
            JsonNode broader = config.path("proxyMetadata");
            config.setAll(fields);
            if (broader instanceof ObjectNode metadata && fields.path("proxyMetadata") instanceof ObjectNode own) {
                metadata.setAll(own);
                config.set("proxyMetadata", metadata);
            }
        }
        return config;
    }

    private JsonNode yaml(String text) {
        try {
            return yaml.readTree(text);
        } catch (JacksonException e) {
            throw new InjectionException("annotation proxy.istio.io/config: not YAML: " + e.getOriginalMessage());
        }
    }

    /** Scrapers find the proxy's page, which carries the application's as well; where that was is told to the proxy. */
    private static void prometheus(ArrayNode env, ObjectNode metadata) {
        ObjectNode annotations = object(metadata, "annotations");
        if (annotations.path("prometheus.io/scrape").asString("").equals("false")) {
            return;
        }
        if (annotations.has("prometheus.io/scrape")) {
            ObjectNode original = JsonNodeFactory.instance.objectNode();
            original.put("scrape", annotations.path("prometheus.io/scrape").asString(""));
            original.put("path", annotations.path("prometheus.io/path").asString("/metrics"));
            original.put("port", annotations.path("prometheus.io/port").asString("80"));
            add(env, "ISTIO_PROMETHEUS_ANNOTATIONS", original.toString());
        }
        annotations
                .put("prometheus.io/scrape", "true")
                .put("prometheus.io/port", "15020")
                .put("prometheus.io/path", "/stats/prometheus");
    }

    private static void overrides(ObjectNode init, ObjectNode proxy, SidecarAnnotations annotations) {
        String image = annotations.text("sidecar.istio.io/proxyImage", "");
        if (!image.isEmpty()) {
            proxy.put("image", image);
        }
        for (ObjectNode container : List.of(init, proxy)) {
            quantity(container, "requests", "cpu", annotations.text("sidecar.istio.io/proxyCPU", ""));
            quantity(container, "requests", "memory", annotations.text("sidecar.istio.io/proxyMemory", ""));
            quantity(container, "limits", "cpu", annotations.text("sidecar.istio.io/proxyCPULimit", ""));
            quantity(container, "limits", "memory", annotations.text("sidecar.istio.io/proxyMemoryLimit", ""));
        }
    }

    private static void quantity(ObjectNode container, String list, String resource, String value) {
        if (!value.isEmpty()) {
            object(object(container, "resources"), list).put(resource, value);
        }
    }

    /** Marks the pod; the label {@code security.istio.io/tlsMode} promises peers that it takes mutual TLS. */
    private void metadata(ObjectNode pod, ArrayNode containers, ObjectNode sidecar, Workload workload) {
        ObjectNode metadata = object(pod, "metadata");
        ObjectNode labels = object(metadata, "labels");
        ObjectNode annotations = object(metadata, "annotations");
        String name = first(labels, workload.name(), "app.kubernetes.io/name", "app");
        String version = first(labels, "latest", "app.kubernetes.io/version", "version");
        absent(labels, "service.istio.io/canonical-name", labelled(name));
        absent(labels, "service.istio.io/canonical-revision", labelled(version));
        absent(labels, "security.istio.io/tlsMode", "istio");
        String app = containers.path(0).path("name").asString("");
        absent(annotations, "kubectl.kubernetes.io/default-container", app);
        absent(annotations, "kubectl.kubernetes.io/default-logs-container", app);
        annotations.put("istio.io/rev", settings.revision());
        ObjectNode status = JsonNodeFactory.instance.objectNode();
        for (String list : List.of("initContainers", "containers", "volumes")) {
            ArrayNode names = status.putArray(list);
            sidecar.path(list).forEach(item -> names.add(item.path("name").asString()));
        }
        status.putNull("imagePullSecrets").put("revision", settings.revision());
        annotations.put(SidecarAnnotations.STATUS, status.toString());
    }

    private static String first(ObjectNode labels, String otherwise, String... names) {
        for (String name : names) {
            String value = labels.path(name).asString("");
            if (!value.isEmpty()) {
                return value;
            }
        }
        return otherwise;
    }

    /** As much of a name as the value of a label can hold (Kubernetes documentation, "Labels and Selectors"). */
    private static String labelled(String name) {
        String start = name.substring(0, Math.min(name.length(), LONGEST_LABEL));
        return start.replaceFirst("[-._]+$", "");
    }

    private static void absent(ObjectNode fields, String name, String value) {
        if (!fields.has(name)) {
            fields.put(name, value);
        }
    }

    /** In the place of the variable of that name, or as another one. */
    private static void put(ArrayNode env, String name, String value) {
        for (JsonNode each : env) {
            if (each instanceof ObjectNode variable
                    && variable.path("name").asString("").equals(name)) {
                variable.remove("valueFrom");
                variable.put("value", value);
                return;
            }
        }
        add(env, name, value);
    }

    private static void add(ArrayNode env, String name, String value) {
        env.addObject().put("name", name).put("value", value);
    }

    private static ArrayNode array(ObjectNode parent, String field) {
        return parent.path(field) instanceof ArrayNode array ? array : parent.putArray(field);
    }

    private static ObjectNode object(ObjectNode parent, String field) {
        return parent.path(field) instanceof ObjectNode object ? object : parent.putObject(field);
    }

    private static String template(Map<String, String> variables) {
        try (InputStream in = PodInjection.class.getResourceAsStream("sidecar.yaml")) {
            if (in == null) {
                throw new IOException("sidecar.yaml is missing from the jar of lateen-control");
            }
            String text = new String(in.readAllBytes(), java.nio.charset.StandardCharsets.UTF_8);
            return VARIABLE.matcher(text.lines()
                            .filter(line -> !line.strip().startsWith("#"))
                            .collect(java.util.stream.Collectors.joining("\n")))
                    .replaceAll(found -> Matcher.quoteReplacement(value(variables, found.group(1))));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String value(Map<String, String> variables, String name) {
        String value = variables.get(name);
        if (value == null) {
            throw new IllegalStateException("sidecar.yaml names ${" + name + "}, which no setting has");
        }
        return value;
    }
}
