package dev.lateen.cli;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.util.List;
import java.util.Map;

/** Running pods with a proxy in them. */
final class MeshPods {
    private MeshPods() {}

    /** {@code NAMESPACE/NAME}. */
    static String name(Pod pod) {
        return pod.getMetadata().getNamespace() + "/" + pod.getMetadata().getName();
    }

    /** All of them. */
    static List<Pod> all(KubernetesClient client) {
        return withProxy(client.pods().inAnyNamespace().list().getItems());
    }

    /** The pod of this name, or those of the service of this name; {@code NAME} or {@code NAME.NAMESPACE}. */
    static List<Pod> named(KubernetesClient client, String name, String namespace) throws CommandException {
        int dot = name.indexOf('.');
        String plain = dot < 0 ? name : name.substring(0, dot);
        String home = dot < 0 ? namespace : name.substring(dot + 1).replaceFirst("\\..*", "");
        Pod pod = client.pods().inNamespace(home).withName(plain).get();
        if (pod != null) {
            return checked(withProxy(List.of(pod)), "pod " + home + "/" + plain + " has no proxy, or does not run");
        }
        Service service = client.services().inNamespace(home).withName(plain).get();
        if (service == null) {
            throw new CommandException("there is no pod and no service " + plain + " in namespace " + home);
        }
        Map<String, String> selector = service.getSpec().getSelector();
        if (selector == null || selector.isEmpty()) {
            throw new CommandException("service " + home + "/" + plain + " selects no pods");
        }
        return checked(
                withProxy(client.pods()
                        .inNamespace(home)
                        .withLabels(selector)
                        .list()
                        .getItems()),
                "no pod of service " + home + "/" + plain + " runs with a proxy");
    }

    private static List<Pod> checked(List<Pod> pods, String otherwise) throws CommandException {
        if (pods.isEmpty()) {
            throw new CommandException(otherwise);
        }
        return pods;
    }

    private static List<Pod> withProxy(List<Pod> pods) {
        return pods.stream()
                .filter(pod -> pod.getStatus() != null
                        && "Running".equals(pod.getStatus().getPhase()))
                .filter(pod -> pod.getSpec().getContainers().stream()
                        .anyMatch(container -> container.getName().equals("istio-proxy")))
                .toList();
    }
}
