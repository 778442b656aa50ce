package dev.lateen.analysis;

import dev.lateen.mesh.Snapshot;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.ContainerPort;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.PodTemplateSpec;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.ServicePort;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointPort;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointPortBuilder;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointSlice;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointSliceBuilder;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Adds to manifests what controllers, scheduler and kubelet would: pods, addresses, endpoints. */
final class MadeUpCluster {
    private static final int MOST_PODS = 1_000;
    private static final String SERVICE_NAME = "kubernetes.io/service-name";

    private final List<Service> services = new ArrayList<>();
    private final List<EndpointSlice> slices = new ArrayList<>();
    private final List<Pod> pods = new ArrayList<>();
    private int nextPod;
    private int nextService;

    void add(Service service) {
        services.add(service);
    }

    void add(EndpointSlice slice) {
        slices.add(slice);
    }

    /** A pod of a manifest runs and is ready, unless its status says otherwise. */
    void add(Pod pod) {
        boolean known = pod.getStatus() != null && pod.getStatus().getPodIP() != null;
        pods.add(known ? pod : running(pod));
    }

    void add(HasMetadata workload, @Nullable PodTemplateSpec template, @Nullable Integer replicas) {
        if (template == null) {
            return;
        }
        int number = Math.clamp(replicas == null ? 1 : replicas, 0, MOST_PODS);
        for (int i = 0; i < number; i++) {
            pods.add(running(new PodBuilder()
                    .withMetadata(template.getMetadata())
                    .editOrNewMetadata()
                    .withName(workload.getMetadata().getName() + "-" + i)
                    .withNamespace(workload.getMetadata().getNamespace())
                    .addNewOwnerReference()
                    .withController(true)
                    .withKind(workload.getKind())
                    .withName(workload.getMetadata().getName())
                    .endOwnerReference()
                    .endMetadata()
                    .withSpec(template.getSpec())
                    .build()));
        }
    }

    private Pod running(Pod pod) {
        int number = ++nextPod;
        return new PodBuilder(pod)
                .withNewStatus()
                .withPhase("Running")
                .withPodIP("10.244." + number / 250 + "." + (1 + number % 250))
                .addNewCondition()
                .withType("Ready")
                .withStatus("True")
                .endCondition()
                .endStatus()
                .build();
    }

    void putAll(Snapshot.Change change) {
        pods.forEach(change::put);
        for (Service service : services) {
            if (service.getSpec() != null
                    && service.getSpec().getClusterIP() == null
                    && !"ExternalName".equals(service.getSpec().getType())) {
                int number = ++nextService;
                service.getSpec().setClusterIP("10.96." + number / 250 + "." + (20 + number % 230));
            }
            change.put(service);
        }
        slices.forEach(change::put);
        for (Service service : services) {
            if (slices.stream().noneMatch(slice -> isOf(slice, service))) {
                endpoints(service, change);
            }
        }
    }

    private static boolean isOf(EndpointSlice slice, Service service) {
        Map<String, String> labels = slice.getMetadata().getLabels();
        return Objects.equals(
                        slice.getMetadata().getNamespace(),
                        service.getMetadata().getNamespace())
                && labels != null
                && service.getMetadata().getName().equals(labels.get(SERVICE_NAME));
    }

    /** One slice for each pod: the port that a name stands for may differ from pod to pod. */
    private void endpoints(Service service, Snapshot.Change change) {
        Map<String, String> selector =
                service.getSpec() == null ? null : service.getSpec().getSelector();
        if (selector == null || selector.isEmpty()) {
            return;
        }
        for (Pod pod : pods) {
            Map<String, String> labels = pod.getMetadata().getLabels();
            boolean selected = Objects.equals(
                            pod.getMetadata().getNamespace(),
                            service.getMetadata().getNamespace())
                    && labels != null
                    && labels.entrySet().containsAll(selector.entrySet());
            if (selected) {
                change.put(slice(service, pod));
            }
        }
    }

    private static EndpointSlice slice(Service service, Pod pod) {
        List<EndpointPort> ports = new ArrayList<>();
        for (ServicePort port : service.getSpec().getPorts()) {
            int number = target(port, pod);
            if (number > 0) {
                ports.add(new EndpointPortBuilder()
                        .withName(port.getName() == null ? "" : port.getName())
                        .withPort(number)
                        .build());
            }
        }
        boolean ready = pod.getStatus().getConditions().stream()
                .anyMatch(condition -> "Ready".equals(condition.getType()) && "True".equals(condition.getStatus()));
        return new EndpointSliceBuilder()
                .withNewMetadata()
                .withName(service.getMetadata().getName() + "-"
                        + pod.getMetadata().getName())
                .withNamespace(service.getMetadata().getNamespace())
                .addToLabels(SERVICE_NAME, service.getMetadata().getName())
                .endMetadata()
                .withAddressType("IPv4")
                .withPorts(ports)
                .addNewEndpoint()
                .withAddresses(pod.getStatus().getPodIP())
                .withNewConditions()
                .withReady(ready)
                .endConditions()
                .withNewTargetRef()
                .withKind("Pod")
                .withName(pod.getMetadata().getName())
                .endTargetRef()
                .endEndpoint()
                .build();
    }

    private static int target(ServicePort port, Pod pod) {
        if (port.getTargetPort() == null) {
            return port.getPort();
        }
        if (port.getTargetPort().getIntVal() != null) {
            return port.getTargetPort().getIntVal();
        }
        String name = port.getTargetPort().getStrVal();
        for (Container container : pod.getSpec().getContainers()) {
            for (ContainerPort candidate : container.getPorts()) {
                if (name.equals(candidate.getName())) {
                    return candidate.getContainerPort();
                }
            }
        }
        return 0;
    }
}
