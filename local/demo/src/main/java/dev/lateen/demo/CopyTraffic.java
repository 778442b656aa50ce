package dev.lateen.demo;

import java.io.IOException;
import java.util.List;

/** Requests are copied to a second service, which the caller never feels. */
final class CopyTraffic implements Chapter {
    private static final int LOOP = 21;
    private static final int CALLS = 200;
    private static final double SLOWEST = 2.5;

    @Override
    public String name() {
        return "copy-traffic";
    }

    @Override
    public String title() {
        return "Copy traffic";
    }

    @Override
    public void walk(Walk walk) throws IOException, InterruptedException, ChapterException {
        walk.scenery().needSniffer(walk);
        walk.run("kubectl apply -f copyVirtualService.yaml");
        walk.settle();
        walk.run(
                "kubectl exec $clientPod -c client -- bash -c 'for x in {0..20}; do curl -s retry-service?failRate=1; done'");
        walk.run("export snifferPod=$(kubectl get pods -l app=sniffer -o jsonpath=\"{.items[0].metadata.name}\")");
        walk.settle();
        Result log = walk.run("kubectl logs $snifferPod");
        walk.claim(Claim.within(
                "requests in the sniffer's log after " + LOOP + " calls",
                LOOP,
                LOOP,
                log.count("GET /\\?failRate=1 ")));

        walk.run(Deviation.PROOF, "kubectl set env deployment/sniffer -c sniffer DELAY=5000");
        walk.rolledOut("sniffer");
        calls(walk, "with a mirror that answers after 5 s");
        walk.run(Deviation.PROOF, "kubectl scale deployment/sniffer --replicas=0");
        walk.run(Deviation.WAIT, "kubectl wait --for=delete pod -l app=sniffer --timeout=120s");
        calls(walk, "with a mirror that is down");
        walk.run(Deviation.PROOF, "kubectl set env deployment/sniffer -c sniffer DELAY-");
        walk.run(Deviation.PROOF, "kubectl scale deployment/sniffer --replicas=1");
    }

    private static void calls(Walk walk, String when) throws IOException, InterruptedException, ChapterException {
        Result calls = walk.run(
                Deviation.QUESTION,
                "kubectl exec $clientPod -c client -- bash -c 'for x in {1.." + CALLS
                        + "}; do curl -s -o /dev/null -w \"%{http_code} %{time_total}\\n\" retry-service?failRate=0; done'");
        walk.claim(Claim.within("calls of " + CALLS + " answered 200 " + when, CALLS, CALLS, calls.count("^200 ")));
        List<Double> seconds = calls.lines().stream()
                .map(line -> Double.parseDouble(line.split(" ", 2)[1]))
                .toList();
        double slowest = seconds.stream().mapToDouble(Double::doubleValue).max().orElse(Double.NaN);
        walk.claim(new Claim("the slowest of them", "at most 2.5 s", slowest + " s", slowest <= SLOWEST));
    }
}
