package dev.lateen.acceptance.kubernetes;

import dev.lateen.config.CustomResourceDefinitions;
import dev.lateen.control.ControlOptions;
import dev.lateen.control.ControlPlane;
import dev.lateen.xds.ResourceType;
import dev.lateen.xds.client.AdsClient;
import dev.lateen.xds.client.ResourceListener;
import dev.lateen.xds.client.Subscription;
import io.envoyproxy.envoy.config.core.v3.Node;
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
import java.time.Clock;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/** Control planes and proxies at an API, and what people do and see there. */
final class Planes {
    private static final String SERVICE = """
            apiVersion: v1
            kind: Service
            metadata: {name: web, namespace: default}
            spec: {ports: [{name: http, port: 80}]}
            """;

    private Planes() {}

    static KubernetesClient client(String kubeconfig) {
        return new KubernetesClientBuilder()
                .withConfig(Config.fromKubeconfig(kubeconfig))
                .build();
    }

    /** What a control plane needs of a cluster, and a Service. */
    static void prepare(KubernetesClient client) {
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

    static ControlPlane start(Supplier<KubernetesClient> client) throws Exception {
        return start(client, "istiod", Clock.systemUTC());
    }

    /** @param pod by which this control plane is told from others at the same API */
    static ControlPlane start(Supplier<KubernetesClient> client, String pod, Clock clock) throws Exception {
        return ControlPlane.start(
                ControlOptions.defaults()
                        .withKubernetes(client)
                        .withPod(pod)
                        .withBind(InetAddress.getLoopbackAddress())
                        .withPorts(0, 0, 0)
                        .withSecurePort(0)
                        .withWebhookPort(0)
                        .withDebounce(Duration.ofMillis(5), Duration.ofSeconds(1)),
                "1.2.3",
                clock);
    }

    /** A sidecar of a pod in namespace default, which asks for listeners and for the routes of port 80. */
    static AdsClient sidecar(ControlPlane plane, String pod, ResourceListener listener) throws Exception {
        plane.ready().get(60, TimeUnit.SECONDS);
        InetSocketAddress address = new InetSocketAddress(InetAddress.getLoopbackAddress(), plane.xdsPort());
        AdsClient client = new AdsClient(
                () -> NettyChannelBuilder.forAddress(address).usePlaintext().build(),
                Node.newBuilder()
                        .setId("sidecar~10.244.0.9~" + pod + ".default~default.svc.cluster.local")
                        .build(),
                listener);
        client.subscribe(ResourceType.LISTENER, Subscription.ALL);
        client.subscribe(ResourceType.ROUTE, Subscription.to(Set.of("80")));
        return client.start();
    }

    /** As {@code kubectl apply}, in namespace default unless the object says another. */
    static void apply(KubernetesClient client, String yaml) {
        GenericKubernetesResource object = Serialization.unmarshal(yaml, GenericKubernetesResource.class);
        var resource = client.genericKubernetesResources(object.getApiVersion(), object.getKind())
                .inNamespace(namespace(object))
                .resource(object);
        if (resource.get() == null) {
            resource.create();
        } else {
            resource.update();
        }
    }

    /** The condition of a VirtualService as soon as it has this reason. */
    static Map<String, Object> condition(KubernetesClient client, String name, String reason) throws Exception {
        long until = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
        Map<String, Object> last = Map.of();
        while (System.nanoTime() < until) {
            Object status = rule(client, name).getAdditionalProperties().get("status");
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

    private static String namespace(GenericKubernetesResource object) {
        String namespace = object.getMetadata().getNamespace();
        return namespace == null ? "default" : namespace;
    }

    /** A VirtualService of namespace default. */
    static GenericKubernetesResource rule(KubernetesClient client, String name) {
        return client.genericKubernetesResources("networking.istio.io/v1", "VirtualService")
                .inNamespace("default")
                .withName(name)
                .get();
    }
}
