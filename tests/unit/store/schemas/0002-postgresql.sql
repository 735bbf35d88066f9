CREATE TABLE public.alembic_version (
    version_num character varying(32) NOT NULL
);
CREATE TABLE public.events (
    stack_id character varying(36) NOT NULL,
    seq integer NOT NULL,
    id character varying(36) NOT NULL,
    "time" double precision NOT NULL,
    resource_id bigint,
    resource_name character varying(255) NOT NULL,
    resource_type character varying(255) NOT NULL,
    physical_id character varying,
    action character varying(16) NOT NULL,
    status character varying(16) NOT NULL,
    reason bytea NOT NULL,
    properties bytea
);
CREATE TABLE public.operations (
    id character varying(64) NOT NULL,
    stack_id character varying(36) NOT NULL,
    seq integer NOT NULL,
    action character varying(16) NOT NULL,
    state character varying(16) NOT NULL,
    request json NOT NULL,
    requested_by json NOT NULL,
    timeout double precision NOT NULL,
    accepted_at double precision NOT NULL,
    began_at double precision,
    ended_at double precision,
    deadline double precision,
    workflow_id character varying(1000) NOT NULL,
    chain_id character varying(64) NOT NULL,
    superseded_by character varying(64) NOT NULL,
    reason bytea NOT NULL,
    summary character varying NOT NULL,
    failure bytea
);
CREATE TABLE public.resources (
    id bigint NOT NULL,
    stack_id character varying(36) NOT NULL,
    uuid character varying(36) NOT NULL,
    name character varying(255) NOT NULL,
    type character varying(255) NOT NULL,
    implementation character varying(255) NOT NULL,
    instant boolean NOT NULL,
    concurrency character varying(255) NOT NULL,
    definition bytea NOT NULL,
    requires json NOT NULL,
    action character varying(16) NOT NULL,
    status character varying(16) NOT NULL,
    status_reason bytea NOT NULL,
    physical_id character varying,
    reference_id bytea,
    attributes bytea,
    data bytea,
    properties bytea,
    progress bytea,
    created_at double precision NOT NULL,
    updated_at double precision NOT NULL,
    claim_seq integer NOT NULL,
    claim_run integer NOT NULL,
    claim_step integer NOT NULL,
    claim_attempt integer NOT NULL,
    lease_until double precision NOT NULL,
    key character varying NOT NULL,
    intent_open boolean NOT NULL,
    polling boolean NOT NULL,
    retries integer NOT NULL,
    outcome character varying,
    create_key character varying NOT NULL,
    create_unsettled boolean NOT NULL
);
CREATE SEQUENCE public.resources_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.resources_id_seq OWNED BY public.resources.id;
CREATE TABLE public.stacks (
    id character varying(36) NOT NULL,
    project character varying(255) NOT NULL,
    name character varying(255) NOT NULL,
    description bytea NOT NULL,
    owner character varying(255) NOT NULL,
    action character varying(16) NOT NULL,
    status character varying(16) NOT NULL,
    status_reason bytea NOT NULL,
    created_at double precision NOT NULL,
    updated_at double precision,
    deleted_at double precision,
    timeout_mins integer,
    disable_rollback boolean NOT NULL,
    tags json NOT NULL,
    template bytea NOT NULL,
    environment bytea NOT NULL,
    parameters bytea NOT NULL,
    files bytea NOT NULL,
    shown_parameters bytea NOT NULL,
    outputs bytea NOT NULL,
    operation_seq integer NOT NULL,
    accepted_seq integer NOT NULL,
    event_seq integer NOT NULL
);
ALTER TABLE ONLY public.resources ALTER COLUMN id SET DEFAULT nextval('public.resources_id_seq'::regclass);
INSERT INTO public.alembic_version VALUES ('0002');
INSERT INTO public.events VALUES ('fd9da956-efab-436d-b3f0-aed1612571ba', 1, '1452b5ff-95d6-40fd-9d71-07d3dbd8efcf', 1, NULL, 'made', 'OS::Heat::Stack', 'fd9da956-efab-436d-b3f0-aed1612571ba', 'CREATE', 'IN_PROGRESS', '\x01026b315096654575d78ea95a6e21abf3d8638eeae78684162bf66bf8c33539f004f93ee409d133c3f1c3dea031ee2c04338e69', NULL);
INSERT INTO public.events VALUES ('fd9da956-efab-436d-b3f0-aed1612571ba', 2, '83011149-8ab9-41b7-a92f-5ffc9ac2827d', 2, 1, 'below', 'Example::Thing', NULL, 'CREATE', 'IN_PROGRESS', '\x01026b3188a58ed56de4f6d3d392e2d733044cf16e2849cc08f8115633ebb6466c6b98781077c73d9a08b9e0d5', NULL);
INSERT INTO public.events VALUES ('fd9da956-efab-436d-b3f0-aed1612571ba', 3, '01ea0903-cc6e-4715-9ab4-f211ac7646a8', 2, 1, 'below', 'Example::Thing', 'id-below', 'CREATE', 'COMPLETE', '\x01026b31c55450d945622489fde0fe9ea01e79ebca1ba737be28f7d806f9e8a0ff9b1943c6899d68e7ce91998a', NULL);
INSERT INTO public.events VALUES ('fd9da956-efab-436d-b3f0-aed1612571ba', 4, 'fe7e6e30-a540-440a-8158-801db0e59fb6', 2, 2, 'above', 'Example::Thing', NULL, 'CREATE', 'IN_PROGRESS', '\x01026b3197d2a8cb0cb1ddda8eb6cd167b91844e347d143758d1ac91eb2b4d0ddf2f16d467a46a79f06218bbff', NULL);
INSERT INTO public.events VALUES ('fd9da956-efab-436d-b3f0-aed1612571ba', 5, 'cae25120-485a-4668-a4fa-d55e3c39cec7', 2, 2, 'above', 'Example::Thing', 'id-above', 'CREATE', 'COMPLETE', '\x01026b31720a5ed9e6c51086086a119d3f2d07e87524e642fe4426a8d142ad4744a01a0bc188ae7a804aaf4f7f', NULL);
INSERT INTO public.events VALUES ('fd9da956-efab-436d-b3f0-aed1612571ba', 6, 'c37ade88-776c-4f59-b22b-a4b877e7f901', 3, NULL, 'made', 'OS::Heat::Stack', 'fd9da956-efab-436d-b3f0-aed1612571ba', 'CREATE', 'COMPLETE', '\x01026b315ba992e3c197e4830e3d90fd62ba7498adb52c3c66480369727325396edc30a45897e544282ab8e16c80bf5b3999a64c7e69a2e9cb6e3c9d0f9048c227239b', NULL);
INSERT INTO public.events VALUES ('4c05e9cb-54dd-4ecc-8367-348743466801', 1, '1e206f9d-3ee7-4528-9e2e-590892de10b8', 1, NULL, 'gone', 'OS::Heat::Stack', '4c05e9cb-54dd-4ecc-8367-348743466801', 'CREATE', 'IN_PROGRESS', '\x01026b31c758b2067bf0285bd061daf0550981bbb798bfe238449895b4222d5ad6a86b698902627d6c1c6445de44c03d00bca20e', NULL);
INSERT INTO public.events VALUES ('4c05e9cb-54dd-4ecc-8367-348743466801', 2, '33849522-57f5-4641-ab76-986a77df9dfd', 2, 3, 'a', 'Example::Thing', NULL, 'CREATE', 'IN_PROGRESS', '\x01026b31b19d524635973c2498860016125259638353a3616763312edb969353eea89d9a3f88efa98e24cf3eb0', NULL);
INSERT INTO public.events VALUES ('4c05e9cb-54dd-4ecc-8367-348743466801', 3, '6a8635f4-528e-4c50-be1c-e8f8f808b5e5', 2, 3, 'a', 'Example::Thing', 'id-a', 'CREATE', 'COMPLETE', '\x01026b311e9c0429439254ed425d98bf9f9e433d559320ea48d8d495f9425abff295a833bf178000bab51624ba', NULL);
INSERT INTO public.events VALUES ('4c05e9cb-54dd-4ecc-8367-348743466801', 4, 'bafbd297-bb1b-4d5b-9705-4c078a819891', 3, NULL, 'gone', 'OS::Heat::Stack', '4c05e9cb-54dd-4ecc-8367-348743466801', 'CREATE', 'COMPLETE', '\x01026b31eae92650ba514f25fc1bd9b849759749bd76110bf3e1c99acda8aa07b4367e9de675d9a68bb11315beef58dc20a36b0f6a68b08fd609d59ac5bd48d417b214', NULL);
INSERT INTO public.events VALUES ('4c05e9cb-54dd-4ecc-8367-348743466801', 5, '8adc9914-02aa-4e8c-b707-a27d5158fd0c', 10, NULL, 'gone', 'OS::Heat::Stack', '4c05e9cb-54dd-4ecc-8367-348743466801', 'DELETE', 'IN_PROGRESS', '\x01026b31106322cdedabedfc42656cd400f05b1974ad656e56a48beb930c33d058f1d932f05eefe86b2c1368444d84d520b469e4', NULL);
INSERT INTO public.events VALUES ('4c05e9cb-54dd-4ecc-8367-348743466801', 6, '48609a83-d705-4f84-9de1-a8a9cf25b0c8', 11, 3, 'a', 'Example::Thing', 'id-a', 'DELETE', 'IN_PROGRESS', '\x01026b31db0f0fb3e9d7043e16bbfc41721cd285045cef81d0e084cd98358aa380e401f8b5c7278de8a3cd5f6c', NULL);
INSERT INTO public.events VALUES ('4c05e9cb-54dd-4ecc-8367-348743466801', 7, '29cd3455-f3b1-4e77-a113-79bbbcacdce2', 11, 3, 'a', 'Example::Thing', 'id-a', 'DELETE', 'COMPLETE', '\x01026b31862be1f43d7c1be8d5ed692957289c91e98f8dd8f708d614ffe28add9b5e00c23dc26be01b6bba0bbc', NULL);
INSERT INTO public.events VALUES ('4c05e9cb-54dd-4ecc-8367-348743466801', 8, '483bdd1e-d770-478a-ae02-70f1c514606a', 12, NULL, 'gone', 'OS::Heat::Stack', '4c05e9cb-54dd-4ecc-8367-348743466801', 'DELETE', 'COMPLETE', '\x01026b3198aa305add8c92b3287baff9b0ec1b1295658410d41f1f854763529624d44d354dd149dedfeedc280a083deb9791e66e41892e89aa4115f62ca433be6c3fe8', NULL);
INSERT INTO public.events VALUES ('473af290-2545-418f-bcbc-f9085900d465', 1, '23b59090-ee61-4c59-94fb-907b6e68e704', 1, NULL, 'running', 'OS::Heat::Stack', '473af290-2545-418f-bcbc-f9085900d465', 'CREATE', 'IN_PROGRESS', '\x01026b312b074ab57fe8002ae38030b39ee28db145d736e90e34b706d9b6d3f357cb58adcd219640b11726b2c8ca339105f1acd6', NULL);
INSERT INTO public.events VALUES ('473af290-2545-418f-bcbc-f9085900d465', 2, '0da6fb91-146c-42a7-b237-7e5c938a780c', 2, 4, 'a', 'Example::Thing', NULL, 'CREATE', 'IN_PROGRESS', '\x01026b31420e81cf4e016af446ee11216cec28f0c184010f83dd6ad5b65094632c089dda08e346fc2850d7317f', NULL);
INSERT INTO public.events VALUES ('473af290-2545-418f-bcbc-f9085900d465', 3, 'eedf79cc-4212-4923-83eb-50d33fb16bd8', 2, 4, 'a', 'Example::Thing', 'id-a', 'CREATE', 'COMPLETE', '\x01026b31b80f2306331df983f1d806ab213b85dc4ed29239ab296c06e66e73f3ecbe836346665f57a36be61fd7', '\x01026b311f75b2d8511122cc2df9bb13fffde704f07866b80545aad2453c5c0fdcda928e3ff11e274c4e');
INSERT INTO public.operations VALUES ('4df3b857-dd87-43b6-a179-1f54e09e308c', 'fd9da956-efab-436d-b3f0-aed1612571ba', 1, 'CREATE', 'DONE', '{}', '{}', 60, 1, 1.5, 3, 61.5, 'stack/default/web', 'chain-1', '', '\x01026b31922c7e039b649e248119d1bfcf45802e029ca8eeaa8bc4e253eabd8f5c044fad547c20934a80be9e8b48ab5a3fe1bcbdfa1a22bba62622950d6e0971325603', 'Stack CREATE completed successfully', NULL);
INSERT INTO public.operations VALUES ('37268006-e964-4c54-b21b-2501c2c0a674', '4c05e9cb-54dd-4ecc-8367-348743466801', 1, 'CREATE', 'DONE', '{}', '{}', 60, 1, 1.5, 3, 61.5, 'stack/default/web', 'chain-1', '', '\x01026b31f1d5392fcf7438401c388b8d77cb368d2f831ba2a095a2116397503a52ee7a651be1c1ccee2a20d6b4f0c0608024b0705d97a5fa13149f57fa16948fdde1b3', 'Stack CREATE completed successfully', NULL);
INSERT INTO public.operations VALUES ('9d79817d-15e2-40b2-a6e9-41a41c14e650', '4c05e9cb-54dd-4ecc-8367-348743466801', 2, 'DELETE', 'DONE', '{}', '{}', 60, 10, 10, 12, 70, 'stack/default/web', 'chain-1', '', '\x01026b319e3a0130e74f8d074b3693b98bcf940d94b0c5034cbdeb860f31493f756a3ad7d7a182e140ef5743eedd1d23f8b2752e6a77db133e8b8b624c29f701c7330c', 'Stack DELETE completed successfully', NULL);
INSERT INTO public.operations VALUES ('63a2e418-97ce-4381-8f7b-81ff5cdac546', '473af290-2545-418f-bcbc-f9085900d465', 1, 'CREATE', 'RUNNING', '{}', '{}', 60, 1, 1.5, NULL, 61.5, 'stack/default/web', 'chain-1', '', '\x01026b315603b365be18a0086fa72c54ea8fd60c915c17f2f3714745eed32dd3', '', NULL);
INSERT INTO public.resources VALUES (1, 'fd9da956-efab-436d-b3f0-aed1612571ba', '3b29b74d-2338-46aa-a3f7-bc985ff56d4f', 'below', 'Example::Thing', 'Example::Thing', false, '', '\x01026b316ad92f66e0b925edb1e10d7412dc665f036cc6723ca3330c4fbd8e8d8f68730ba308e1803c5dc68fbf57af88218762b7eb4b3907b0f7df476a3ee94838a2d86cd2f96d71', '[]', 'CREATE', 'COMPLETE', '\x01026b31a9a6c9ec452a6049f806139c2af7ad4751e52a630413522bd08924a5939faa56b4902c922e161baeab', 'id-below', NULL, NULL, NULL, NULL, NULL, 1, 2, 1, 1, 1, 1, 0, '4df3b857-dd87-43b6-a179-1f54e09e308c.1', false, false, 0, '{"kind":"done","at":0.0,"key":"","error_class":""}', '4df3b857-dd87-43b6-a179-1f54e09e308c.1', false);
INSERT INTO public.resources VALUES (2, 'fd9da956-efab-436d-b3f0-aed1612571ba', '1d21292c-c9a8-492a-a9d1-9f43004c702b', 'above', 'Example::Thing', 'Example::Thing', false, '', '\x01026b31bd00a3ccce68e9021faca96940df7f3e9c21401caf60c00c78d3f0967c0b161107abde87d97996a95469ac5507dd8cbdf4c2212192ad68657d4438c6142f99de135eaaac', '[1]', 'CREATE', 'COMPLETE', '\x01026b3104ba87527ec283ee417227636907fee2cadd2124e24d2b371b1d4775c8f5353167a6dbdd070de838c3', 'id-above', NULL, NULL, NULL, NULL, NULL, 1, 2, 1, 1, 1, 1, 0, '4df3b857-dd87-43b6-a179-1f54e09e308c.2', false, false, 0, '{"kind":"done","at":0.0,"key":"","error_class":""}', '4df3b857-dd87-43b6-a179-1f54e09e308c.2', false);
INSERT INTO public.resources VALUES (5, '473af290-2545-418f-bcbc-f9085900d465', '7fcdff99-7d2a-4c69-aac5-c8b9dafae43b', 'b', 'Example::Thing', 'Example::Thing', false, '', '\x01026b31015e69b539a5f3fe6ba61fa46d4812ca6d27c585174b8da67bfbec3de5b3206fe5c18a1fb4ac36571b18f12be9946c0a46f540ffb041f2017337a936fb131c4c', '[4]', 'INIT', 'COMPLETE', '\x01026b310cf0b82ad19a5addf05b213e0e15efda34b2a579f0597d7597aad8b6', NULL, NULL, NULL, NULL, NULL, NULL, 1, 1, 0, 0, 0, 0, 0, '', false, false, 0, NULL, '', false);
INSERT INTO public.resources VALUES (4, '473af290-2545-418f-bcbc-f9085900d465', '8970cc83-e36b-47a4-a3e2-01bcb5ec90ce', 'a', 'Example::Thing', 'Example::Thing', false, '', '\x01026b31ece3c2753412db4e3540774531b6100b3073883cc442bb5d0dc4c5c2a82db4eba16ffdf620d784642c3f9e9937f70fafe74d49919d505f9bbd87943927e2416a', '[]', 'CREATE', 'COMPLETE', '\x01026b31f614f23f13d944b6ecc1a0bc8e5059ba4d3903bd2f21e9b5926a047637df91c780729ce5113e7a8062', 'id-a', '\x01026b31acb42aa8a0525b7c37f7d5e335c6803eb0fab286b6c62204b84f8776f230ca1220', '\x01026b312433a2fd5599c0a79691259339c9d6d4e5bd6651dbe1dc3cc1385968040a3451add2a0bcb849', NULL, '\x01026b31f35f51dab684e8da6f22751970f0aee1b19b6c92716c9b0b94d07ca9d8b64409a3c1fd94859d', NULL, 1, 2, 1, 1, 1, 1, 0, '63a2e418-97ce-4381-8f7b-81ff5cdac546.4', false, false, 0, '{"kind":"done","at":0.0,"key":"","error_class":""}', '63a2e418-97ce-4381-8f7b-81ff5cdac546.4', false);
INSERT INTO public.stacks VALUES ('473af290-2545-418f-bcbc-f9085900d465', 'default', 'running', '\x01026b312deb61a12a3e177acf7f898095ae530dba5aa7de0c821cfe61c29493', '', 'CREATE', 'IN_PROGRESS', '\x01026b317167fcc7a633748821674d66bac64f47029197b8b463e2065aa32f58a5344a20131f42bb8aba04755d6f3c25bf70aa40', 1, NULL, NULL, NULL, true, '[]', '\x01026b312b79ef9240f7fc648c3dfdf1337da3b245f9d8a18c3facfa08dd72c75b7348987338a959899e1a9c6fc7', '\x01026b314a8ad7ea34f8cdeb05450713fa1eaba604298497e539a7eea7b3fc94', '\x01026b31a5869bc098a08963a25bd719e9a83d9323cc70f6e6a986af17f30ba272cf', '\x01026b3162cb3ca53eef3f7aa55662045a252e822790b3aaa22654521a998398bae8', '\x01026b31ed08268bb7161bf7420a36cadcc35a64cf55a788593a6d9125a02d76a330', '\x01026b31d48fd60b7b3850cd353f5cf88b37bc6ed78c8b60b1e037c66ab2d1fc30c5', 1, 1, 3);
INSERT INTO public.stacks VALUES ('fd9da956-efab-436d-b3f0-aed1612571ba', 'default', 'made', '\x01026b317eb8931ec41754f70f08d27326b740df16ecd796553fc12eb9a74476', '', 'CREATE', 'COMPLETE', '\x01026b31507cd8ccec25035f78d95a868a090f51e1cfd0ddb0a0648cb8e38bbab32c80880ed9869e315422b9520035a5cdc2af21ac25b29a64b1e9977d936bc7c69a2a', 1, NULL, NULL, NULL, true, '[]', '\x01026b31bf9f6e9dccef52047cf3d42f998f5159104560a58a4e201bf8169f1652e7f593f77bb3fc40fe7ce4a405', '\x01026b3114e7cd357ead6499de7a75569d6ff3b6c772eb1df6aa0c8c0ec4118d', '\x01026b31181a2163c12f7548b1a575ba56c0c4329c979bdabff29507eef94b9234b7', '\x01026b319693b5a7248461b5ab37adc10f5ac0802ed5053cf54bde12b0079d94b316', '\x01026b312694553af9bcc95055a7ef8186c089520bc68e9fe655823b318ffda0bd89', '\x01026b319bfde0778845af340819e433cad0a2af80b192f555e76de986e196e5f493', 0, 1, 6);
INSERT INTO public.stacks VALUES ('4c05e9cb-54dd-4ecc-8367-348743466801', 'default', 'gone', '\x01026b31495ed81a139f45bb523fc9b348cfb22f9d17f3c4950d1d3cbc6ac4d4', '', 'DELETE', 'COMPLETE', '\x01026b319da34069b966f0af68b7fca49dd51497ff28b688bfdb8400eede338f3b8a01bc8621fb3304e77ba494e528eae1a866bfa26496171690026ad269f8e263494c', 1, 10, 12, NULL, true, '[]', '\x01026b3196b3ef8de4f15c3b16ba176665f3a5f07418d9d622597d576c34475a91db76c8ebc05acc7f739893b3c1', '\x01026b31bc0c2c400861720f5ea371c4b8e39b040b6fc94ea3e28aea6b018882', '\x01026b31b8b9b51c6fb4e781b00c0af2e6e01d09ce088ce42767d984d93a25857739', '\x01026b31a8ccbe5d8ea4d36697a60180b25d0c2fe2cc2792ec886cf88b0cf7c3dc86', '\x01026b31d39b5fe1d5147bf72fed55ced6b5b4be6c92be5741381217886152eed1cf', '\x01026b31d389a3bbb84e8cdf19ecc16bc68af2fe4b8ad361c6388bfb4b38fffe7893', 0, 2, 8);
SELECT pg_catalog.setval('public.resources_id_seq', 5, true);
ALTER TABLE ONLY public.alembic_version
    ADD CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num);
ALTER TABLE ONLY public.events
    ADD CONSTRAINT pk_events PRIMARY KEY (stack_id, seq);
ALTER TABLE ONLY public.operations
    ADD CONSTRAINT pk_operations PRIMARY KEY (id);
ALTER TABLE ONLY public.resources
    ADD CONSTRAINT pk_resources PRIMARY KEY (id);
ALTER TABLE ONLY public.stacks
    ADD CONSTRAINT pk_stacks PRIMARY KEY (id);
ALTER TABLE ONLY public.operations
    ADD CONSTRAINT uq_operations_stack_id_seq UNIQUE (stack_id, seq);
CREATE INDEX ix_operations_open ON public.operations USING btree (state) WHERE state IN ('PENDING', 'RUNNING');
CREATE INDEX ix_resources_stack_id_name ON public.resources USING btree (stack_id, name);
CREATE INDEX ix_stacks_project_created_at ON public.stacks USING btree (project, created_at);
CREATE UNIQUE INDEX uq_operations_running ON public.operations USING btree (stack_id) WHERE state = 'RUNNING';
CREATE UNIQUE INDEX uq_stacks_living_name ON public.stacks USING btree (project, name) WHERE (deleted_at IS NULL);
ALTER TABLE ONLY public.events
    ADD CONSTRAINT fk_events_stack_id FOREIGN KEY (stack_id) REFERENCES public.stacks(id);
ALTER TABLE ONLY public.operations
    ADD CONSTRAINT fk_operations_stack_id FOREIGN KEY (stack_id) REFERENCES public.stacks(id);
ALTER TABLE ONLY public.resources
    ADD CONSTRAINT fk_resources_stack_id FOREIGN KEY (stack_id) REFERENCES public.stacks(id);
