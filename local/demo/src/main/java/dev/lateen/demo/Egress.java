package dev.lateen.demo;

import java.io.IOException;

/** What the mesh may call outside is a rule; a refusal names the rule that is missing. */
final class Egress implements Chapter {
    static final String ADDRESS = "198.51.100.10";
    /** Of curl. */
    private static final int TIMED_OUT = 28;

    private static final String OUTSIDE = """
            kubectl apply -f - <<'YAML'
            apiVersion: v1
            kind: Namespace
            metadata:
              name: outside
            ---
            apiVersion: v1
            kind: Pod
            metadata:
              name: internet
              namespace: outside
              annotations:
                lateen.dev/address: %s
            spec:
              terminationGracePeriodSeconds: 1
              containers:
              - name: web
                image: tkubica/web:1
            YAML""".formatted(ADDRESS);
    private static final String NAMES = """
            kubectl patch configmap coredns -n kube-system --type merge -p '{"data":{"NodeHosts":"%s httpbin.org example.org"}}'""".formatted(ADDRESS);

    @Override
    public String name() {
        return "egress";
    }

    @Override
    public String title() {
        return "Egress";
    }

    @Override
    public void walk(Walk walk) throws IOException, InterruptedException, ChapterException {
        walk.scenery().needApps(walk);
        walk.run(Deviation.OUTSIDE, OUTSIDE);
        walk.run(Deviation.OUTSIDE, NAMES);
        walk.run(Deviation.WAIT, "kubectl wait -n outside --for=condition=Ready --timeout=60s pod internet");
        walk.settle();
        String client = "kubectl exec $clientPod -c client -- ";
        Result refused = walk.attempt(client + "curl -vs httpbin.org/ip");
        walk.claim(
                "without a ServiceEntry httpbin.org is refused with 502", refused.says("HTTP/1.1 502"), refused.all());
        walk.claim(
                "the refusal names what is missing: a ServiceEntry for httpbin.org",
                refused.out().contains("ServiceEntry") && refused.out().contains("httpbin.org"),
                refused.out());
        Result reset = walk.attempt(Deviation.PROOF, client + "curl -sS -m 5 telnet://httpbin.org:5432");
        if (walk.scenery().envoy()) {
            walk.claim(
                    "a TCP connection to it is closed at once, without a byte",
                    reset.out().isEmpty() && reset.exit() != TIMED_OUT,
                    reset.all() + " exit code " + reset.exit());
            walk.absent("the reset of that connection: Envoy closes it in order");
        } else {
            walk.claim(
                    "a TCP connection to it is reset",
                    reset.says("(?i)reset by peer|connection reset|exit code 56"),
                    reset.all());
        }

        walk.run("kubectl create -f serviceEntry.yaml");
        walk.settle();
        Result allowed = walk.run(client + "curl -vs httpbin.org/ip");
        walk.claim("with the ServiceEntry httpbin.org answers 200", allowed.says("HTTP/1.1 200"), allowed.all());
        Result other = walk.attempt(Deviation.PROOF, client + "curl -vs example.org/");
        walk.claim(
                "example.org, which has none, stays refused",
                other.says("HTTP/1.1 502") && other.out().contains("example.org"),
                other.all());
    }
}
