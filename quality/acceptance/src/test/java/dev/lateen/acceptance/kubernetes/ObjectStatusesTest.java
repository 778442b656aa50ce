package dev.lateen.acceptance.kubernetes;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lateen.control.ControlPlane;
import dev.lateen.xds.ResourceType;
import dev.lateen.xds.client.AdsClient;
import io.fabric8.kubernetes.api.model.Event;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.nio.file.Path;
import java.util.Optional;
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
                KubernetesClient client = Planes.client(api.kubeconfig())) {
            Planes.prepare(client);
            try (ControlPlane plane = Planes.start(() -> Planes.client(api.kubeconfig()));
                    AdsClient _ = sidecar(plane)) {
                plane.ready().get(60, TimeUnit.SECONDS);

                Planes.apply(client, RULE.formatted("rule", "first"));
                assertThat(Planes.condition(client, "rule", "Active"))
                        .containsEntry("status", "True")
                        .containsEntry("message", "active on 1 of 1 proxies")
                        .containsEntry("observedGeneration", generation(client, "rule"));

                Planes.apply(client, RULE.formatted("second", "second"));
                assertThat(Planes.condition(client, "second", "Shadowed").get("message"))
                        .asString()
                        .contains("shadowed by VirtualService default/rule");

                Planes.apply(client, WRONG);
                assertThat(Planes.condition(client, "wrong", "Refused").get("message"))
                        .asString()
                        .contains("exactly one of route, redirect, directResponse, delegate");

                Planes.apply(client, INGRESS);
                assertThat(event(client, "wrong.lateen-ingress"))
                        .contains("refused because spec.defaultBackend.resource: needs backends that are no services");

                refusing.set(true);
                Planes.apply(client, RULE.formatted("rule", "changed"));
                assertThat(Planes.condition(client, "rule", "Rejected"))
                        .containsEntry("status", "False")
                        .containsEntry("observedGeneration", generation(client, "rule"))
                        .containsEntry(
                                "message",
                                "active on 0 of 1 proxies; client.default refused RouteConfiguration: no, thank you");
            }
        }
    }

    /** A proxy that takes everything but, when told so, routes. */
    private AdsClient sidecar(ControlPlane plane) throws Exception {
        return Planes.sidecar(
                plane,
                "client",
                update -> refusing.get() && update.type().equals(ResourceType.ROUTE)
                        ? Optional.of("no, thank you")
                        : Optional.empty());
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
        return Planes.rule(client, name).getMetadata().getGeneration().intValue();
    }
}
