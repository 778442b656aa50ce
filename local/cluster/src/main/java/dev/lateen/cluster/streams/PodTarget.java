package dev.lateen.cluster.streams;

import java.util.List;

/**
 * What is asked of a stored pod before a stream to it is opened.
 *
 * @param name the pod's name
 * @param scheduled whether the pod has a node
 * @param containers names of the ordinary containers, in the order of the pod
 * @param initContainers names of the init containers
 * @param ephemeralContainers names of the ephemeral containers
 */
public record PodTarget(
        String name,
        boolean scheduled,
        List<String> containers,
        List<String> initContainers,
        List<String> ephemeralContainers) {
    public PodTarget {
        containers = List.copyOf(containers);
        initContainers = List.copyOf(initContainers);
        ephemeralContainers = List.copyOf(ephemeralContainers);
    }

    /**
     * The container that a request means: the named one or, without a name, the only one. As in Kubernetes it is the
     * client that reads the annotation {@code kubectl.kubernetes.io/default-container}.
     *
     * @param requested the request's {@code container}, empty when it has none
     * @throws StreamException 400 in the words of the Kubernetes API
     */
    String container(String requested) throws StreamException {
        if (!requested.isEmpty()) {
            if (containers.contains(requested)
                    || initContainers.contains(requested)
                    || ephemeralContainers.contains(requested)) {
                return requested;
            }
            throw new StreamException(400, "container " + requested + " is not valid for pod " + name);
        }
        if (containers.size() == 1) {
            return containers.getFirst();
        }
        var message = new StringBuilder("a container name must be specified for pod ").append(name);
        if (!containers.isEmpty()) {
            message.append(", choose one of: ").append(goList(containers));
            if (!initContainers.isEmpty()) {
                message.append(" or one of the init containers: ").append(goList(initContainers));
            }
            if (!ephemeralContainers.isEmpty()) {
                message.append(" or one of the ephemeral containers: ").append(goList(ephemeralContainers));
            }
        }
        throw new StreamException(400, message.toString());
    }

    private static String goList(List<String> names) {
        return "[" + String.join(" ", names) + "]";
    }
}
