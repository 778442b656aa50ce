package dev.lateen.control.gateway;

import dev.lateen.config.ConfigObject;
import dev.lateen.config.kubernetes.GatewaySpec;
import dev.lateen.control.inject.InjectionSettings;
import dev.lateen.mesh.gatewayapi.Conversion;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.IntOrString;
import io.fabric8.kubernetes.api.model.KubernetesResource;
import io.fabric8.kubernetes.api.model.OwnerReferenceBuilder;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.ServicePortBuilder;
import io.fabric8.kubernetes.api.model.apps.Deployment;
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
import java.util.TreeSet;

/**
 * What is made for one Gateway: ServiceAccount, Service and Deployment, owned by it and named {@code NAME-CLASS} as Istio
 * names them. Pure.
 */
final class GatewayManifest {
    /** Ports below this one are not the proxy's to open: its user has no such right. */
    private static final int UNPRIVILEGED = 1024;

    /** Where the proxy listens in their stead. */
    private static final int SHIFT = 10_000;

    private GatewayManifest() {}

    static List<HasMetadata> of(ConfigObject<GatewaySpec> gateway, InjectionSettings settings) {
        Map<String, String> values = new HashMap<>(settings.variables());
        values.put("name", gateway.name());
        values.put("namespace", gateway.namespace());
        values.put("fullName", Conversion.serviceName(gateway));
        values.put("discoveryAddress", settings.discoveryAddress());
        List<HasMetadata> objects = new ArrayList<>();
        for (String document : text().split("(?m)^---$")) {
            HasMetadata object =
                    (HasMetadata) Serialization.unmarshal(fill(document, values), KubernetesResource.class);
            describe(object, gateway);
            switch (object) {
                case Service service -> ports(service, gateway.spec());
                case Deployment deployment -> labels(deployment, gateway.spec());
                default -> {}
            }
            objects.add(object);
        }
        return objects;
    }

    private static void describe(HasMetadata object, ConfigObject<GatewaySpec> gateway) {
        Map<String, String> labels = new HashMap<>();
        Map<String, String> annotations = new HashMap<>();
        if (gateway.spec().infrastructure() != null) {
            labels.putAll(gateway.spec().infrastructure().labels());
            annotations.putAll(gateway.spec().infrastructure().annotations());
        }
        labels.put(Conversion.NAME_LABEL, gateway.name());
        labels.put("gateway.istio.io/managed", "istio.io-gateway-controller");
        object.getMetadata().setLabels(labels);
        object.getMetadata().setAnnotations(annotations);
        object.getMetadata()
                .setOwnerReferences(List.of(new OwnerReferenceBuilder()
                        .withApiVersion(gateway.kind().apiVersion())
                        .withKind(gateway.kind().name())
                        .withName(gateway.name())
                        .withUid(gateway.metadata().uid())
                        .build()));
    }

    private static void ports(Service service, GatewaySpec spec) {
        TreeSet<Integer> numbers = new TreeSet<>();
        spec.listeners().forEach(listener -> numbers.add(listener.port()));
        for (int number : numbers) {
            GatewaySpec.Listener first = spec.listeners().stream()
                    .filter(listener -> listener.port() == number)
                    .findFirst()
                    .orElseThrow();
            service.getSpec()
                    .getPorts()
                    .add(new ServicePortBuilder()
                            .withName(first.protocol().toLowerCase(java.util.Locale.ROOT) + "-" + number)
                            .withPort(number)
                            .withTargetPort(new IntOrString(number < UNPRIVILEGED ? number + SHIFT : number))
                            .withProtocol("TCP")
                            .build());
        }
    }

    private static void labels(Deployment deployment, GatewaySpec spec) {
        if (spec.infrastructure() != null) {
            spec.infrastructure()
                    .labels()
                    .forEach(deployment.getSpec().getTemplate().getMetadata().getLabels()::putIfAbsent);
        }
    }

    private static String fill(String text, Map<String, String> values) {
        String filled = text;
        for (Map.Entry<String, String> value : values.entrySet()) {
            filled = filled.replace("${" + value.getKey() + "}", value.getValue());
        }
        return filled;
    }

    private static String text() {
        try (InputStream in = Objects.requireNonNull(
                GatewayManifest.class.getResourceAsStream("gateway.yaml"), "gateway.yaml is missing from the jar")) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
