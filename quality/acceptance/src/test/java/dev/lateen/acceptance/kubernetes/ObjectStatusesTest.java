package dev.lateen.acceptance.kubernetes;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lateen.config.CustomResourceDefinitions;
import dev.lateen.control.ControlOptions;
import dev.lateen.control.ControlPlane;
import dev.lateen.xds.ResourceType;
import dev.lateen.xds.client.AdsClient;
import dev.lateen.xds.client.Subscription;
import io.envoyproxy.envoy.config.core.v3.Node;
import io.fabric8.kubernetes.api.model.Event;
import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.api.model.NamespaceBuilder;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.apiextensions.v1.CustomResourceDefinition;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.utils.Serialization;
import io.grpc.netty.NettyChannelBuilder;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the control plane writes into the statuses of objects, at the local cluster's API. */
class ObjectStatusesTest {
    private static final String RULE = """
            apiVersion: networking.istio.io/v1
            kind: VirtualService
            metadata: {name: %s, namespace: default}
            spec: {hosts: [web], http: [{name: %s, directResponse: {status: 200}}]}
            """;
    private static final String SERVICE = """
            apiVersion: v1
            kind: Service
            metadata: {name: web, namespace: default}
            spec: {ports: [{name: http, port: 80}]}
            """;
    private static final String WRONG = """
            apiVersion: networking.istio.io/v1
            kind: VirtualService
            metadata: {name: wrong, namespace: default}
            spec: {hosts: [other], http: [{directResponse: {status: 200}, delegate: {name: nobody}}]}
            """;

    private static final String INGRESS = """
            apiVersion: networking.k8s.io/v1
            kind: Ingress
            metadata: {name: wrong, namespace: default}
            spec:
              ingressClassName: istio
              defaultBackend: {resource: {kind: Bucket, name: pictures, apiGroup: storage.example}}
            """;

    @TempDir
    private Path directory;

    private final AtomicBoolean refusing = new AtomicBoolean();

    @Test
    void active_pending_shadowed_and_refused() throws Exception {
        try (LocalApi api = new LocalApi(directory);
                KubernetesClient client = new KubernetesClientBuilder()
                        .withConfig(Config.fromKubeconfig(api.kubeconfig()))
                        .build()) {
            prepare(client);
            try (ControlPlane plane = start(api);
                    AdsClient _ = sidecar(plane)) {
                plane.ready().get(60, TimeUnit.SECONDS);

                apply(client, RULE.formatted("rule", "first"));
                assertThat(condition(client, "rule", "Active"))
                        .containsEntry("status", "True")
                        .containsEntry("message", "active on 1 of 1 proxies")
                        .containsEntry("observedGeneration", generation(client, "rule"));

                apply(client, RULE.formatted("second", "second"));
                assertThat(condition(client, "second", "Shadowed").get("message"))
                        .asString()
                        .contains("shadowed by VirtualService default/rule");

                apply(client, WRONG);
                assertThat(condition(client, "wrong", "Refused").get("message"))
                        .asString()
                        .contains("exactly one of route, redirect, directResponse, delegate");

                apply(client, INGRESS);
                assertThat(event(client, "wrong.lateen-ingress"))
                        .contains("refused because spec.defaultBackend.resource: needs backends that are no services");

                refusing.set(true);
                apply(client, RULE.formatted("rule", "changed"));
                assertThat(condition(client, "rule", "Rejected"))
                        .containsEntry("status", "False")
                        .containsEntry("observedGeneration", generation(client, "rule"))
                        .containsEntry(
                                "message",
                                "active on 0 of 1 proxies; client.default refused RouteConfiguration: no, thank you");
            }
        }
    }

    private static void prepare(KubernetesClient client) {
        client.resource(new NamespaceBuilder()
                        .withNewMetadata()
                        .withName("istio-system")
                        .endMetadata()
                        .build())
                .create();
        client.resource(Serialization.unmarshal(SERVICE, Service.class)).create();
        CustomResourceDefinitions.all().forEach(definition -> client.resource(
                        Serialization.unmarshal(definition.toString(), CustomResourceDefinition.class))
                .create());
    }

    private static ControlPlane start(LocalApi api) throws Exception {
        return ControlPlane.start(
                ControlOptions.defaults()
                        .withKubernetes(() -> new KubernetesClientBuilder()
                                .withConfig(Config.fromKubeconfig(api.kubeconfig()))
                                .build())
                        .withBind(InetAddress.getLoopbackAddress())
                        .withPorts(0, 0, 0)
                        .withSecurePort(0)
                        .withWebhookPort(0)
                        .withDebounce(Duration.ofMillis(5), Duration.ofSeconds(1)),
                "1.2.3");
    }

    /** A proxy that takes everything but, when told so, routes. */
    private AdsClient sidecar(ControlPlane plane) throws Exception {
        plane.ready().get(60, TimeUnit.SECONDS);
        InetSocketAddress address = new InetSocketAddress(InetAddress.getLoopbackAddress(), plane.xdsPort());
        AdsClient client = new AdsClient(
                () -> NettyChannelBuilder.forAddress(address).usePlaintext().build(),
                Node.newBuilder()
                        .setId("sidecar~10.244.0.9~client.default~default.svc.cluster.local")
                        .build(),
                update -> refusing.get() && update.type().equals(ResourceType.ROUTE)
                        ? Optional.of("no, thank you")
                        : Optional.empty());
        client.subscribe(ResourceType.LISTENER, Subscription.ALL);
        client.subscribe(ResourceType.ROUTE, Subscription.to(Set.of("80")));
        return client.start();
    }

    private static void apply(KubernetesClient client, String yaml) {
        GenericKubernetesResource object = Serialization.unmarshal(yaml, GenericKubernetesResource.class);
        var resource = client.genericKubernetesResources(object.getApiVersion(), object.getKind())
                .inNamespace("default")
                .resource(object);
        if (resource.get() == null) {
            resource.create();
        } else {
            resource.update();
        }
    }

    private static Map<String, Object> condition(KubernetesClient client, String name, String reason) throws Exception {
        long until = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
        Map<String, Object> last = Map.of();
        while (System.nanoTime() < until) {
            Object status = get(client, name).getAdditionalProperties().get("status");
            if (status instanceof Map<?, ?> map && map.get("conditions") instanceof List<?> list) {
                last = new HashMap<>();
                for (Map.Entry<?, ?> field : ((Map<?, ?>) list.getFirst()).entrySet()) {
                    last.put((String) field.getKey(), field.getValue());
                }
                if (reason.equals(last.get("reason"))) {
                    return last;
                }
            }
            TimeUnit.MILLISECONDS.sleep(100);
        }
        throw new AssertionError(name + " did not become " + reason + ": " + last);
    }

    /** The words of an Event. */
    private static String event(KubernetesClient client, String name) throws Exception {
        long until = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
        while (System.nanoTime() < until) {
            Event event =
                    client.v1().events().inNamespace("default").withName(name).get();
            if (event != null) {
                return event.getMessage();
            }
            TimeUnit.MILLISECONDS.sleep(100);
        }
        throw new AssertionError("no Event " + name);
    }

    private static int generation(KubernetesClient client, String name) {
        return get(client, name).getMetadata().getGeneration().intValue();
    }

    private static GenericKubernetesResource get(KubernetesClient client, String name) {
        return client.genericKubernetesResources("networking.istio.io/v1", "VirtualService")
                .inNamespace("default")
                .withName(name)
                .get();
    }
}
