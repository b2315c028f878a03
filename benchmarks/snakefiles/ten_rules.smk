"""Ten trivial rules, one after the other: the least that a run with nothing to do can take."""


rule all:
    input:
        "made/10.txt",


rule first:
    output:
        "made/1.txt",
    shell:
        "echo 1 > {output}"


rule second:
    input:
        "made/1.txt",
    output:
        "made/2.txt",
    shell:
        "cp {input} {output}"


rule third:
    input:
        "made/2.txt",
    output:
        "made/3.txt",
    shell:
        "cp {input} {output}"


rule fourth:
    input:
        "made/3.txt",
    output:
        "made/4.txt",
    shell:
        "cp {input} {output}"


rule fifth:
    input:
        "made/4.txt",
    output:
        "made/5.txt",
    shell:
        "cp {input} {output}"


rule sixth:
    input:
        "made/5.txt",
    output:
        "made/6.txt",
    shell:
        "cp {input} {output}"


rule seventh:
    input:
        "made/6.txt",
    output:
        "made/7.txt",
    shell:
        "cp {input} {output}"


rule eighth:
    input:
        "made/7.txt",
    output:
        "made/8.txt",
    shell:
        "cp {input} {output}"


rule ninth:
    input:
        "made/8.txt",
    output:
        "made/9.txt",
    shell:
        "cp {input} {output}"


rule tenth:
    input:
        "made/9.txt",
    output:
        "made/10.txt",
    shell:
        "cp {input} {output}"
