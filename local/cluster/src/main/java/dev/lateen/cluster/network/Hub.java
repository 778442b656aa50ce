package dev.lateen.cluster.network;

import java.io.BufferedReader;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;

/**
 * The network in the middle of the cluster: a namespace to which every pod has a wire of its own, where services are
 * translated and whose addresses are the node's, the API's and the DNS's. A process that only sleeps holds it; when
 * that process ends, the kernel takes every interface and rule along.
 *
 * <p>Each pod has a /32 and no neighbours, so all packets between pods pass the hub and its translation sees both ways.
 */
public final class Hub implements AutoCloseable {
    /** The node's own address, on the hub. */
    public static final String NODE_ADDRESS = "10.244.0.1";
    /** The API's service address. */
    public static final String API_ADDRESS = "10.96.0.1";
    /** The cluster DNS's service address. */
    public static final String DNS_ADDRESS = "10.96.0.10";

    private static final String GATEWAY = "169.254.1.1";
    private static final String GATEWAY_MAC = "0a:58:a9:fe:01:01";
    private static final String SETUP = """
            link set lo up
            addr add %s/32 dev lo
            addr add %s/32 dev lo
            addr add %s/32 dev lo
            route add 10.96.0.0/16 dev lo src %s
            """.formatted(NODE_ADDRESS, API_ADDRESS, DNS_ADDRESS, NODE_ADDRESS);

    private final Process holder;
    private final NetworkNamespace namespace;
    private final NamespaceThread thread = new NamespaceThread();
    private final PodAddresses addresses = new PodAddresses();
    private final AtomicInteger links = new AtomicInteger();

    private final Set<String> outsiders = new TreeSet<>();
    private Consumer<Set<String>> outsiderListener = all -> {};

    private Hub(Process holder, NetworkNamespace namespace) {
        this.holder = holder;
        this.namespace = namespace;
    }

    /** Makes the namespace and its addresses. Needs CAP_SYS_ADMIN, if only in a user namespace. */
    public static Hub open() throws IOException {
        Process holder = new ProcessBuilder("unshare", "--net", "sh", "-c", "echo ready; exec sleep infinity")
                .redirectErrorStream(true)
                .start();
        try {
            awaitReady(holder, "the hub's network namespace");
            var hub = new Hub(holder, NetworkNamespace.ofProcess(holder.pid()));
            String forward = "echo 1 > /proc/sys/net/ipv4/ip_forward && ip -batch -";
            HostCommand.run(inNetwork(holder.pid(), "sh", "-c", forward), SETUP);
            return hub;
        } catch (IOException e) {
            holder.destroyForcibly();
            throw e;
        }
    }

    /** Waits until a holder process says that its namespaces are made; its own words if it fails. */
    public static void awaitReady(Process holder, String what) throws IOException {
        BufferedReader out = holder.inputReader();
        String line = out.readLine();
        if (!"ready".equals(line)) {
            throw new IOException("cannot make " + what + ": " + (line == null ? "no reason given" : line));
        }
    }

    /** Runs short work, such as making a socket, inside the hub. */
    public <T> T inside(Callable<T> work) throws IOException {
        return thread.call(namespace, work);
    }

    /** Runs short work, such as making a socket, inside a pod's namespace. */
    public <T> T inside(PodNetwork pod, Callable<T> work) throws IOException {
        return thread.call(pod.namespace(), work);
    }

    /** The process that holds the hub, to be named to {@code nsenter}. */
    public long pid() {
        return holder.pid();
    }

    /** An address for a pod, to be given to {@link #connect}. */
    public String takeAddress() {
        return addresses.take();
    }

    /** Gives an address back that no pod is connected with. */
    public void freeAddress(String address) {
        addresses.free(address);
    }

    /**
     * Lays the wire between the hub and the network namespace of process {@code pid}, and gives it {@code address}
     * (an IPv4 address).
     */
    public PodNetwork connect(long pid, String address) throws IOException {
        NetworkNamespace pod = NetworkNamespace.ofProcess(pid);
        String link = "pod" + links.incrementAndGet();
        String mac = macOf(address);
        String hubSide = """
                link add %1$s address %2$s type veth peer name eth0 address %3$s netns %4$d
                addr add %5$s/32 dev %1$s
                link set %1$s up
                route add %6$s/32 dev %1$s src %7$s
                neigh add %6$s lladdr %3$s dev %1$s nud permanent
                """.formatted(link, GATEWAY_MAC, mac, pid, GATEWAY, address, NODE_ADDRESS);
        String podSide = """
                link set lo up
                addr add %1$s/32 dev eth0
                link set eth0 up
                route add %2$s dev eth0 scope link
                neigh add %2$s lladdr %3$s dev eth0 nud permanent
                route add default via %2$s src %1$s
                """.formatted(address, GATEWAY, GATEWAY_MAC);
        try {
            HostCommand.run(inNetwork(holder.pid(), "ip", "-batch", "-"), hubSide);
            HostCommand.run(inNetwork(pid, "ip", "-batch", "-"), podSide);
            outsiders(address, true);
            return new PodNetwork(address, link, pod);
        } catch (IOException e) {
            pod.close();
            throw e;
        }
    }

    /** Takes a pod's wire away and frees its address. */
    public void disconnect(PodNetwork pod) throws IOException {
        try {
            HostCommand.run(inNetwork(holder.pid(), "ip", "link", "del", pod.link()), "");
        } catch (IOException e) {
            // The kernel takes the wire along with the pod's namespace, maybe before we do.
            if (!String.valueOf(e.getMessage()).contains("Cannot find device")) {
                throw e;
            }
        } finally {
            addresses.free(pod.address());
            outsiders(pod.address(), false);
            pod.namespace().close();
        }
    }

    /** Is told, now and at each change, the addresses of pods outside the pods' range; it must not block. */
    public synchronized void onOutsiders(Consumer<Set<String>> listener) {
        outsiderListener = listener;
        listener.accept(Set.copyOf(outsiders));
    }

    private synchronized void outsiders(String address, boolean here) {
        if (!address.startsWith(PodAddresses.PREFIX) && (here ? outsiders.add(address) : outsiders.remove(address))) {
            outsiderListener.accept(Set.copyOf(outsiders));
        }
    }

    /** Replaces the hub's packet rules, at once or not at all. */
    public void apply(String rules) throws IOException {
        HostCommand.run(inNetwork(holder.pid(), "iptables-restore", "--wait", "5"), rules);
    }

    /** The command that runs {@code command} in the network namespace of process {@code pid}. */
    static List<String> inNetwork(long pid, String... command) {
        var all = new ArrayList<>(List.of("nsenter", "--net=/proc/" + pid + "/ns/net"));
        all.addAll(List.of(command));
        return all;
    }

    private static String macOf(String address) {
        String[] parts = address.split("\\.", -1);
        return "0a:58:%02x:%02x:%02x:%02x"
                .formatted(
                        Integer.parseInt(parts[0]),
                        Integer.parseInt(parts[1]),
                        Integer.parseInt(parts[2]),
                        Integer.parseInt(parts[3]));
    }

    @Override
    public void close() throws IOException {
        thread.close();
        namespace.close();
        holder.destroyForcibly();
    }
}
