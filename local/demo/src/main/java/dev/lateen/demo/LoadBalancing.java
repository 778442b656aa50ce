package dev.lateen.demo;

import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Collectors;

/** Round robin, random, by a header, and by least requests. */
final class LoadBalancing implements Chapter {
    private static final int PODS = 6;

    @Override
    public String name() {
        return "load-balancing";
    }

    @Override
    public String title() {
        return "Load balancing";
    }

    @Override
    public void walk(Walk walk) throws IOException, InterruptedException, ChapterException {
        walk.scenery().needApps(walk);
        walk.run(Deviation.NOT_FOUND, "kubectl delete -f canary10percent.yaml --ignore-not-found");
        roundRobin(walk);
        random(walk);
        headerHash(walk);
        leastRequest(walk);
    }

    private static void roundRobin(Walk walk) throws IOException, InterruptedException, ChapterException {
        walk.run("kubectl apply -f lbRoundRobin.yaml");
        walk.settle();
        Calls.loop(walk, "kubectl exec $clientPod -c client -- curl -s myweb-service");
        List<String> pods = pods(Calls.web(walk, 36, ""));
        walk.claim(Claim.within(
                "different pods in the first turn of round robin",
                PODS,
                PODS,
                pods.stream().limit(PODS).distinct().count()));
        long equal = 0;
        for (int i = PODS; i < pods.size(); i++) {
            equal += pods.get(i).equals(pods.get(i - PODS)) ? 1 : 0;
        }
        walk.claim(Claim.within("of the 30 calls after it, calls that repeat the turn", 30, 30, equal));
    }

    private static void random(Walk walk) throws IOException, InterruptedException, ChapterException {
        walk.run("kubectl apply -f lbRandom.yaml");
        walk.settle();
        Calls.loop(walk, "kubectl exec $clientPod -c client -- curl -s myweb-service");
        List<String> pods = pods(Calls.web(walk, 600, ""));
        Map<String, Long> shares = shares(pods);
        walk.claim(Claim.within("pods reached at random", PODS, PODS, shares.size()));
        shares.forEach(
                (pod, share) -> walk.claim(Claim.within("of 600 random calls " + pod + " gets", 55, 150, share)));
        long repeated = 0;
        for (int i = 1; i < pods.size(); i++) {
            repeated += pods.get(i).equals(pods.get(i - 1)) ? 1 : 0;
        }
        walk.claim(Claim.within("of 599 next calls, calls to the same pod", 60, 143, repeated));
    }

    private static void headerHash(Walk walk) throws IOException, InterruptedException, ChapterException {
        walk.run("kubectl apply -f lbHeaderHash.yaml");
        walk.settle();
        Calls.loop(walk, "kubectl exec $clientPod -c client -- curl -s myweb-service");
        walk.run(
                Deviation.HEADER,
                "for x in {1..5}; do kubectl exec $clientPod -c client -- curl -H \"User: tomas\" -s myweb-service; done");
        Map<String, Long> one = shares(pods(Calls.web(walk, 100, "-H \"User: tomas\" ")));
        walk.claim(Claim.within("pods that answer 100 calls of one user", 1, 1, one.size()));
        Result users = walk.run(
                Deviation.LOOP,
                "kubectl exec $clientPod -c client -- bash -c 'for x in {1..100}; do curl -s -H \"User: user-$x\""
                        + " myweb-service; done'");
        walk.claim(Claim.within(
                "pods that answer 100 users", PODS, PODS, shares(pods(users)).size()));
        Map<String, Long> nobody = shares(pods(Calls.web(walk, 40, "")));
        walk.claim(Claim.atLeast("pods that answer 40 calls without the header", 4, nobody.size()));
    }

    private static void leastRequest(Walk walk) throws IOException, InterruptedException, ChapterException {
        walk.run(Deviation.PROOF, "kubectl create -f <(istioctl kube-inject -i istio-system -f lbLeastRequest.yaml)");
        walk.rolledOut("pace-fast", "pace-slow");
        walk.settle();
        Result calls = walk.run(
                Deviation.PROOF,
                "kubectl exec $clientPod -c client -- curl -s --parallel --parallel-immediate --parallel-max 20"
                        + " \"pace-service/?call=[1-400]\"");
        walk.claim(Claim.within("answers to 400 calls, 20 at a time", 400, 400, calls.count("^Version ")));
        walk.claim(Claim.atLeast(
                "of 400 calls, 20 at a time, to two pods by least request, the one that does not wait 200 ms gets",
                240,
                calls.count("from pace-fast-")));
    }

    private static List<String> pods(Result calls) {
        return calls.lines().stream()
                .filter(line -> line.startsWith("Version "))
                .map(line -> line.substring(line.lastIndexOf(' ') + 1))
                .toList();
    }

    private static Map<String, Long> shares(List<String> pods) {
        return pods.stream().collect(Collectors.groupingBy(Function.identity(), TreeMap::new, Collectors.counting()));
    }
}
